#include "braid/networks/decoder.h"

namespace braid {

std::string DecoderNames::in_layer(std::int64_t i, const std::string& name) const {
  return with_index(layer, i) + name;
}

at::Tensor Decoder::attend(const Tensors& parameters, std::int64_t layer, const at::Tensor& x,
                           const Taps& taps, const Dropout* dropout) const {
  const auto parts =
      linear_input_first(parameters, names_.in_layer(layer, names_.query_key_value), x)
          .chunk(3, -1);
  taps(of_layer(layer, "query"), parts[0]);
  taps(of_layer(layer, "key"), parts[1]);
  const at::Tensor context = attention(parts[0], parts[1], parts[2], sizes_.heads,
                                       score_scale(layer, parts[0]), {{}, true}, dropout);
  taps(of_layer(layer, "attention"), context);
  return linear_input_first(parameters, names_.in_layer(layer, names_.attention_output), context);
}

at::Tensor Decoder::encode(const Tensors& parameters, const Batch& batch, const Taps& taps,
                           const Dropout* dropout) const {
  at::Tensor x = at::embedding(parameters.at(names_.words), batch.input_ids) +
                 rows_of_positions(parameters.at(names_.positions), batch);
  if (!names_.types.empty() && batch.token_type_ids.defined()) {
    x = x + at::embedding(parameters.at(names_.types), batch.token_type_ids);
  }
  x = drop(dropout, x);
  taps("embeddings", x);
  for (std::int64_t i = 0; i < sizes_.layers; ++i) {
    const auto map = [&](const std::string& name, const at::Tensor& in) {
      return linear_input_first(parameters, names_.in_layer(i, name), in);
    };
    const auto norm = [&](const std::string& name) {
      return normalise(parameters, names_.in_layer(i, name), x);
    };
    x = x + drop(dropout, attend(parameters, i, norm(names_.attention_norm), taps, dropout));
    taps(of_layer(i, "attention_sum"), x);
    const at::Tensor ffn = sizes_.activation(map(names_.ffn_in, norm(names_.ffn_norm)));
    taps(of_layer(i, "ffn"), ffn);
    x = x + drop(dropout, map(names_.ffn_out, ffn));
    taps(of_layer(i, "output_sum"), x);
  }
  x = normalise(parameters, names_.norm, x);
  taps("final_norm", x);
  return x;
}

}  // namespace braid
