#include "braid/networks/encoder.h"

namespace braid {

std::string EncoderNames::in_layer(std::int64_t i, const std::string& name) const {
  return with_index(layer, i) + name;
}

at::Tensor Encoder::embed(const Tensors& parameters, const Batch& batch) const {
  at::Tensor x = at::embedding(parameters.at(names_.words), batch.input_ids);
  x = x + rows_of_positions(parameters.at(names_.positions), batch);
  if (!names_.types.empty()) {
    const at::Tensor& types = parameters.at(names_.types);
    x = x + (batch.token_type_ids.defined() ? at::embedding(types, batch.token_type_ids)
                                            : types.narrow(0, 0, 1).unsqueeze(0));
  }
  return normalise(parameters, names_.norm, x);
}

// Multi-head self-attention before its output projection: (B, T, width).
at::Tensor Encoder::attend(const Tensors& parameters, std::int64_t layer, const at::Tensor& x,
                           const at::Tensor& mask, const Taps& taps, const Dropout* dropout) const {
  const auto map = [&](const std::string& name) {
    return linear(parameters, names_.in_layer(layer, name), x);
  };
  const at::Tensor query = map(names_.query), key = map(names_.key), value = map(names_.value);
  taps(of_layer(layer, "query"), query);
  taps(of_layer(layer, "key"), key);
  const at::Tensor context =
      attention(query, key, value, sizes_.heads, score_scale(layer, query), {mask}, dropout);
  taps(of_layer(layer, "attention"), context);
  return context;
}

at::Tensor Encoder::encode(const Tensors& parameters, const Batch& batch, const Taps& taps,
                           const Dropout* dropout) const {
  at::Tensor x = drop(dropout, embed(parameters, batch));
  taps("embeddings", x);
  at::Tensor mask;  // (B, 1, T, T) view of the padding mask
  if (batch.attention_mask.defined()) {
    mask = batch.attention_mask.unsqueeze(1).unsqueeze(1).expand({-1, 1, x.size(1), -1});
  }
  for (std::int64_t i = 0; i < sizes_.layers; ++i) {
    const auto map = [&](const std::string& name, const at::Tensor& in) {
      return linear(parameters, names_.in_layer(i, name), in);
    };
    const auto norm = [&](const std::string& name, const at::Tensor& sum) {
      return normalise(parameters, names_.in_layer(i, name), sum);
    };
    const at::Tensor context = attend(parameters, i, x, mask, taps, dropout);
    x = norm(names_.attention_norm, drop(dropout, map(names_.attention_output, context)) + x);
    taps(of_layer(i, "attention_norm"), x);
    const at::Tensor ffn = sizes_.activation(map(names_.ffn_in, x));
    taps(of_layer(i, "ffn"), ffn);
    x = norm(names_.ffn_norm, drop(dropout, map(names_.ffn_out, ffn)) + x);
    taps(of_layer(i, "output_norm"), x);
  }
  return x;
}

}  // namespace braid
