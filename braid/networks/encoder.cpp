#include "braid/networks/encoder.h"

namespace braid {

std::string EncoderNames::in_layer(std::int64_t i, const std::string& name) const {
  return with_index(layer, i) + name;
}

at::Tensor Encoder::embed(const Tensors& parameters, const Batch& batch) const {
  at::Tensor x = at::embedding(parameters.at(names_.words), batch.input_ids);
  if (!names_.positions.empty()) {
    x = x + rows_of_positions(parameters.at(names_.positions), batch);
  }
  if (!names_.types.empty()) {
    const at::Tensor& types = parameters.at(names_.types);
    x = x + (batch.token_type_ids.defined() ? at::embedding(types, batch.token_type_ids)
                                            : types.narrow(0, 0, 1).unsqueeze(0));
  }
  return normalise(parameters, names_.norm, x);
}

// Multi-head self-attention before its output projection: (B, T, width).
at::Tensor Encoder::attend(const Tensors& parameters, std::int64_t layer, const at::Tensor& x,
                           const Visibility& seen, const Far& far, const Taps& taps,
                           const Dropout* dropout) const {
  const auto map = [&](const std::string& name, const at::Tensor& in) {
    return linear(parameters, names_.in_layer(layer, name), in);
  };
  const at::Tensor query = map(names_.query, x), key = map(names_.key, x),
                   value = map(names_.value, x);
  taps(of_layer(layer, "query"), query);
  taps(of_layer(layer, "key"), key);
  const double scale = score_scale(layer, query);
  Visibility visible = seen;
  if (far.vectors.defined()) {
    visible.bias = names_.distances.scores(far.places, query, key, map(names_.query, far.vectors),
                                           map(names_.key, far.vectors), sizes_.heads, scale);
  }
  const at::Tensor context = attention(query, key, value, sizes_.heads, scale, visible, dropout);
  taps(of_layer(layer, "attention"), context);
  return context;
}

at::Tensor Encoder::encode(const Tensors& parameters, const Batch& batch, const Taps& taps,
                           const Dropout* dropout) const {
  at::Tensor x = drop(dropout, embed(parameters, batch));
  taps("embeddings", x);
  if (!names_.projection.empty()) {
    x = linear(parameters, names_.projection, x);
    taps("projected", x);
  }
  const Visibility seen{.mask = seen_tokens(batch)};
  const Distances& distances = names_.distances;
  Far far;
  if (!distances.table.empty() && distances.used()) {
    far.vectors = parameters.at(distances.table).narrow(0, 0, 2 * distances.span);
    if (!distances.norm.empty()) far.vectors = normalise(parameters, distances.norm, far.vectors);
    far.vectors = drop(dropout, far.vectors);
    far.places = distances.rows(x.size(1), x.options());
  }
  for (std::int64_t i = 0; i < sizes_.layers; ++i) {
    const auto map = [&](const std::string& name, const at::Tensor& in) {
      return linear(parameters, names_.in_layer(i, name), in);
    };
    const auto norm = [&](const std::string& name, const at::Tensor& sum) {
      return normalise(parameters, names_.in_layer(i, name), sum);
    };
    const at::Tensor context = attend(parameters, i, x, seen, far, taps, dropout);
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
