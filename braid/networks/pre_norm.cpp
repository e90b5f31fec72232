#include "braid/networks/pre_norm.h"

#include <fmt/ranges.h>

namespace braid {

// Context of one layer's pass.
struct PreNorm::Layer {
  std::int64_t index;
  const Tensors& parameters;
  const Rotary* rotary;
  Rotary::Angles angles;
  Visibility visible;
  const Taps& taps;
  const Dropout* dropout;

  void tap(const std::string& name, const at::Tensor& features) const {
    taps(of_layer(index, name), features);
  }
};

namespace {

// Taps units inside heads, separating rotary units from the rest.
template <typename Tap>
void tap_units(const Tap& tap, const std::string& name, const at::Tensor& x, std::int64_t heads,
               std::int64_t turned) {
  const at::Tensor units = x.unflatten(-1, {heads, -1});
  if (turned == 0 || turned == units.size(-1)) return tap(name, x);
  tap(name, units.narrow(-1, 0, turned).flatten(-2));
  tap(name + "_rest", units.narrow(-1, turned, units.size(-1) - turned).flatten(-2));
}

}  // namespace

std::string PreNormNames::in_layer(std::int64_t i, const std::string& name) const {
  return with_index(layer, i) + name;
}

std::map<std::string, std::string> PreNorm::beyond_shapes() const {
  auto all = Network::beyond_shapes();
  all["the number of key and value heads"] = std::to_string(key_heads());
  all["the order of branches"] = form_.parallel ? "parallel" : "sequential";
  all["the rotary embedding"] = form_.rotary ? form_.rotary->formula() : "none";
  if (form_.windowed_rotary) {
    all["the rotary embedding of local layers"] = form_.windowed_rotary->formula();
  }
  all["the attention windows"] = fmt::format("{}", form_.windows);
  return all;
}

std::int64_t PreNorm::window(std::int64_t layer) const {
  return form_.windows.empty() ? 0 : form_.windows[static_cast<std::size_t>(layer)];
}

const Rotary* PreNorm::rotary(std::int64_t layer) const {
  const bool windowed = form_.windowed_rotary && window(layer) > 0;
  const std::optional<Rotary>& found = windowed ? form_.windowed_rotary : form_.rotary;
  return found ? &*found : nullptr;
}

at::Tensor PreNorm::map(const Layer& layer, const std::string& name, const at::Tensor& x) const {
  const std::string whole = names_.in_layer(layer.index, name);
  return form_.input_first ? linear_input_first(layer.parameters, whole, x)
                           : linear(layer.parameters, whole, x);
}

std::vector<at::Tensor> PreNorm::query_key_value(const Layer& layer, const at::Tensor& x) const {
  std::vector<at::Tensor> parts;
  for (const std::string& name : names_.query_key_value) parts.push_back(map(layer, name, x));
  if (parts.size() > 1) return parts;
  if (!form_.heads_first) return parts.front().chunk(3, -1);
  parts = parts.front().unflatten(-1, {sizes_.heads, 3, -1}).unbind(-2);
  for (at::Tensor& part : parts) part = part.flatten(-2);
  return parts;
}

// Per head with a shared gain, or over all units with one gain each, by the size of the gain.
at::Tensor PreNorm::norm_units(const Layer& layer, const std::string& name,
                               const at::Tensor& x) const {
  const std::string whole = names_.in_layer(layer.index, name);
  const std::int64_t units = layer.parameters.at(whole + ".weight").size(0);
  return normalise(layer.parameters, whole, x.unflatten(-1, {-1, units})).flatten(-2);
}

at::Tensor PreNorm::attend(const Layer& layer, const at::Tensor& x) const {
  std::vector<at::Tensor> parts = query_key_value(layer, x);
  const std::int64_t turned = layer.rotary ? layer.rotary->units() : 0;
  const auto tap = [&](const std::string& name, const at::Tensor& t) { layer.tap(name, t); };
  tap_units(tap, "query", parts[0], sizes_.heads, turned);
  tap_units(tap, "key", parts[1], key_heads(), turned);
  const double scale = score_scale(layer.index, parts[0]);
  if (!names_.query_norm.empty()) parts[0] = norm_units(layer, names_.query_norm, parts[0]);
  if (!names_.key_norm.empty()) parts[1] = norm_units(layer, names_.key_norm, parts[1]);
  if (layer.rotary) {
    for (std::size_t i : {0, 1}) parts[i] = layer.rotary->turn(parts[i], layer.angles);
  }
  const at::Tensor context =
      attention(parts[0], parts[1], parts[2], sizes_.heads, scale, layer.visible, layer.dropout);
  layer.tap("attention", context);
  return drop(layer.dropout, map(layer, names_.attention_output, context));
}

at::Tensor PreNorm::feed_forward(const Layer& layer, const at::Tensor& x) const {
  at::Tensor ffn = map(layer, names_.ffn_in, x);
  if (form_.gate_behind) {
    const auto halves = ffn.chunk(2, -1);
    ffn = sizes_.activation(halves[0]) * halves[1];
  } else if (names_.ffn_gate.empty()) {
    ffn = sizes_.activation(ffn);
  } else {
    ffn = sizes_.activation(map(layer, names_.ffn_gate, x)) * ffn;
  }
  layer.tap("ffn", ffn);
  return drop(layer.dropout, map(layer, names_.ffn_out, ffn));
}

at::Tensor PreNorm::embed_images(const Tensors& parameters, const at::Tensor& pixels) const {
  const at::Tensor &map = parameters.at(names_.patches + ".weight"),
                   &bias = parameters.at(names_.patches + ".bias");
  const at::Tensor patches =  // (B, width, rows, columns)
      at::conv2d(pixels.to(map.scalar_type()), map, bias, {map.size(2), map.size(3)});
  std::vector<at::Tensor> tokens;
  for (const std::string& name : names_.first_tokens) {
    tokens.push_back(parameters.at(name).expand({pixels.size(0), -1, -1}));
  }
  tokens.push_back(patches.flatten(2).transpose(1, 2));
  return at::cat(tokens, 1) + parameters.at(names_.positions);
}

at::Tensor PreNorm::embed(const Tensors& parameters, const Batch& batch) const {
  if (!names_.patches.empty()) return embed_images(parameters, batch.pixels);
  at::Tensor x = at::embedding(parameters.at(names_.words), batch.input_ids);
  if (!names_.positions.empty()) {
    x = x + rows_of_positions(parameters.at(names_.positions), batch);
  }
  if (!names_.types.empty() && batch.token_type_ids.defined()) {
    x = x + at::embedding(parameters.at(names_.types), batch.token_type_ids);
  }
  return names_.embedding_norm.empty() ? x : normalise(parameters, names_.embedding_norm, x);
}

at::Tensor PreNorm::encode(const Tensors& parameters, const Batch& batch, const Taps& taps,
                           const Dropout* dropout) const {
  at::Tensor x = drop(dropout, embed(parameters, batch));
  taps("embeddings", x);
  const at::Tensor positions =
      batch.position_ids.defined()
          ? batch.position_ids
          : at::arange(x.size(1), at::TensorOptions(at::kLong).device(x.device())).unsqueeze(0);
  std::map<const Rotary*, Rotary::Angles> angles = {{nullptr, {}}};
  for (std::int64_t i = 0; i < sizes_.layers; ++i) {
    const Rotary* turns = rotary(i);
    if (!angles.contains(turns)) angles[turns] = turns->angles(positions, x.scalar_type());
    Visibility visible{{}, form_.causal, window(i)};
    if (!form_.causal) visible.mask = seen_tokens(batch);
    const Layer layer{i, parameters, turns, angles.at(turns), visible, taps, dropout};
    const auto norm = [&](const std::string& name, const at::Tensor& of) {
      return normalise(parameters, names_.in_layer(i, name), of);
    };
    // The output of a branch, to be added to the stream.
    const auto branch = [&](auto pass, const std::string& name, const at::Tensor& read,
                            bool normed = true) {
      if (form_.norms_after) return norm(name, (this->*pass)(layer, read));
      return (this->*pass)(layer, normed ? norm(name, read) : read);
    };
    const at::Tensor read = x;
    x = x + branch(&PreNorm::attend, names_.attention_norm, read, i > 0 || form_.first_normed);
    if (!form_.parallel) layer.tap("attention_sum", x);
    x = x + branch(&PreNorm::feed_forward, names_.ffn_norm, form_.parallel ? read : x);
    layer.tap("output_sum", x);
  }
  x = normalise(parameters, names_.norm, x);
  taps("final_norm", x);
  return x;
}

}  // namespace braid
