#include "braid/networks/encoder_decoder.h"

#include <cmath>

namespace braid {

struct EncoderDecoder::Pass {
  const Tensors& parameters;
  const Batch& batch;
  const Taps& taps;
  const Dropout* dropout;
};

std::map<std::string, std::string> EncoderDecoder::beyond_shapes() const {
  auto all = Network::beyond_shapes();
  all["the relative-position buckets"] = fmt::format("{} to {}", form_.buckets, form_.max_distance);
  all["the decoder start token"] = std::to_string(form_.start);
  return all;
}

at::Tensor EncoderDecoder::position_bias(const at::Tensor& table, std::int64_t length,
                                         bool both_ways) const {
  const at::Tensor places = at::arange(length, at::TensorOptions(at::kLong).device(table.device()));
  at::Tensor distance = places.unsqueeze(0) - places.unsqueeze(1);  // key after query
  std::int64_t buckets = form_.buckets;
  at::Tensor bucket = at::zeros_like(distance);
  if (both_ways) {
    buckets /= 2;
    bucket = distance.gt(0).to(at::kLong) * buckets;
    distance = distance.abs();
  } else {
    distance = -distance.clamp_max(0);
  }
  // Half are single distances, the rest grow logarithmically; in float32 like Hugging Face.
  const std::int64_t exact = buckets / 2;
  const double span =
      std::log(static_cast<double>(form_.max_distance) / static_cast<double>(exact));
  const at::Tensor far =
      ((distance.clamp_min(1).to(at::kFloat) / static_cast<double>(exact)).log() / span *
       static_cast<double>(buckets - exact))
          .to(at::kLong) +
      exact;
  bucket = bucket + at::where(distance.lt(exact), distance, far.clamp_max(buckets - 1));
  return at::embedding(table, bucket).permute({2, 0, 1}).unsqueeze(0);
}

at::Tensor EncoderDecoder::attend(const Pass& pass, const EncoderDecoderNames::Attention& names,
                                  const std::string& tap, std::int64_t layer, const at::Tensor& x,
                                  const at::Tensor& read, const Visibility& visible) const {
  const auto map = [&](const std::string& name, const at::Tensor& from) {
    return linear(pass.parameters, name, from);
  };
  const at::Tensor query = map(names.query, x), key = map(names.key, read);
  pass.taps(of_layer(layer, tap + "query"), query);
  pass.taps(of_layer(layer, tap + "key"), key);
  const at::Tensor context = attention(query, key, map(names.value, read), sizes_.heads,
                                       score_scale(layer, query), visible, pass.dropout);
  pass.taps(of_layer(layer, tap + "attention"), context);
  return drop(pass.dropout, map(names.output, context));
}

at::Tensor EncoderDecoder::feed_forward(const Pass& pass,
                                        const EncoderDecoderNames::FeedForward& names,
                                        std::int64_t layer, const at::Tensor& x) const {
  at::Tensor ffn = linear(pass.parameters, names.in, x);
  ffn = names.gate.empty() ? sizes_.activation(ffn)
                           : sizes_.activation(linear(pass.parameters, names.gate, x)) * ffn;
  pass.taps(of_layer(layer, "ffn"), ffn);
  return drop(pass.dropout, linear(pass.parameters, names.out, drop(pass.dropout, ffn)));
}

at::Tensor EncoderDecoder::run_stack(const Pass& pass, const EncoderDecoderNames::Stack& names,
                                     std::int64_t layers, std::int64_t first, at::Tensor x,
                                     const Visibility& visible, const at::Tensor& memory) const {
  const auto norm = [&](const std::string& name, const at::Tensor& of) {
    return normalise(pass.parameters, name, of);
  };
  const Visibility all{.mask = seen_tokens(pass.batch)};
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::int64_t layer = first + i;
    const auto numbered = [&](EncoderDecoderNames::Attention attention) {
      for (std::string* name : {&attention.norm, &attention.query, &attention.key, &attention.value,
                                &attention.output}) {
        *name = with_index(*name, i);
      }
      return attention;
    };
    const auto own = numbered(names.own);
    const at::Tensor read = norm(own.norm, x);
    x = x + attend(pass, own, "", layer, read, read, visible);
    pass.taps(of_layer(layer, "attention_sum"), x);
    if (memory.defined()) {
      const auto cross = numbered(names.cross);
      x = x + attend(pass, cross, "cross_", layer, norm(cross.norm, x), memory, all);
      pass.taps(of_layer(layer, "cross_sum"), x);
    }
    EncoderDecoderNames::FeedForward ffn = names.ffn;
    for (std::string* name : {&ffn.norm, &ffn.gate, &ffn.in, &ffn.out}) {
      if (!name->empty()) *name = with_index(*name, i);
    }
    x = x + feed_forward(pass, ffn, layer, norm(ffn.norm, x));
    pass.taps(of_layer(layer, "output_sum"), x);
  }
  return drop(pass.dropout, norm(names.norm, x));
}

at::Tensor EncoderDecoder::encode(const Tensors& parameters, const Batch& batch, const Taps& taps,
                                  const Dropout* dropout) const {
  const Pass pass{parameters, batch, taps, dropout};
  const at::Tensor& words = parameters.at(names_.words);
  const std::int64_t length = batch.input_ids.size(1);
  const auto bias = [&](const EncoderDecoderNames::Stack& stack, bool both_ways) {
    return position_bias(parameters.at(stack.bias + ".weight"), length, both_ways);
  };
  at::Tensor read = at::embedding(words, batch.input_ids);
  taps("embeddings", read);
  const Visibility everywhere{.mask = seen_tokens(batch), .bias = bias(names_.encoder, true)};
  const at::Tensor memory =
      run_stack(pass, names_.encoder, sizes_.layers, 0, drop(dropout, read), everywhere, {});
  taps("encoder_norm", memory);
  const at::Tensor start = at::full({batch.rows(), 1}, form_.start, batch.input_ids.options());
  const at::Tensor ids = at::cat({start, batch.input_ids.narrow(1, 0, length - 1)}, 1);
  const at::Tensor written = at::embedding(words, ids);
  taps("written_embeddings", written);
  const Visibility before{.causal = true, .bias = bias(names_.decoder, false)};
  const at::Tensor x = run_stack(pass, names_.decoder, form_.decoder_layers, sizes_.layers,
                                 drop(dropout, written), before, memory);
  taps("final_norm", x);
  return x;
}

}  // namespace braid
