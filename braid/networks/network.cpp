#include "braid/networks/network.h"

#include <algorithm>
#include <optional>

#include "braid/error.h"

namespace braid {

std::map<std::string, std::string> Network::beyond_shapes() const {
  const ScoreScale& scores = sizes_.scores;
  return {
      {"the number of heads", std::to_string(sizes_.heads)},
      {"the epsilon of norms", fmt::format("{}", sizes_.epsilon)},
      {"the activation", sizes_.activation.formula()},
      {"the scale of attention scores", fmt::format("{}{}", scores.by_units ? "1/sqrt(units)" : "1",
                                                    scores.by_layer ? "/layer" : "")}};
}

Batch Batch::to(at::Device device) const {
  const auto moved = [&](const at::Tensor& t) { return t.defined() ? t.to(device) : t; };
  return {moved(input_ids), moved(attention_mask), moved(token_type_ids), moved(position_ids),
          moved(pixels)};
}

at::Tensor seen_tokens(const Batch& batch) {
  const at::Tensor& mask = batch.attention_mask;
  if (!mask.defined()) return {};
  return mask.unsqueeze(1).unsqueeze(1).expand({-1, 1, mask.size(1), -1});
}

at::Tensor Network::rows_of_positions(const at::Tensor& table, const Batch& batch) const {
  if (batch.position_ids.defined()) {
    return at::embedding(table, batch.position_ids + sizes_.first_place);
  }
  if (!sizes_.uncounted) {
    return table.narrow(0, sizes_.first_place, batch.input_ids.size(1));
  }
  const at::Tensor counts = batch.input_ids.ne(*sizes_.uncounted).to(at::kLong);
  return at::embedding(table, counts.cumsum(1) * counts + *sizes_.uncounted);
}

at::Tensor Network::last_tokens(const at::Tensor& hidden, const Batch& batch) const {
  at::Tensor counted = at::ones_like(batch.input_ids, at::kBool);
  if (batch.attention_mask.defined()) counted = batch.attention_mask;
  if (sizes_.pad) counted = counted.logical_and(batch.input_ids.ne(*sizes_.pad));
  const at::Tensor places = at::arange(counted.size(1), counted.options().dtype(at::kLong));
  const at::Tensor last = (places * counted).argmax(1);
  return hidden.index({at::arange(hidden.size(0), last.options()), last});
}

at::Tensor Network::features(const Tensors& parameters, const Head& head, const at::Tensor& read,
                             const Taps& taps) const {
  at::Tensor x = read;
  if (!head.dense.empty()) {
    const Activation& act = head.activation ? *head.activation : sizes_.activation;
    x = act(linear(parameters, head.dense, x));
  }
  if (!head.norm.empty()) x = normalise(parameters, head.norm, x);
  taps(head.tap, x);
  return x;
}

Outputs Network::run(const Tensors& parameters, const Batch& batch, const Wanted& wanted,
                     const Taps& taps, const Dropout* dropout) const {
  constexpr const char* pooler_tap = "pooler";
  const auto requested = [&](const Head& head) {
    return wanted.heads.contains(head.predicts) || taps.want(head.tap);
  };
  Outputs outputs;
  outputs.hidden = encode(parameters, batch, taps, dropout);
  bool pools = wanted.pooled || (has_pooler() && taps.want(pooler_tap));
  for (const Head& head : heads()) pools |= requested(head) && head.reads == Reads::pooled;
  if (pools) {  // of the first token (Devlin et al. 2019)
    outputs.pooled = at::tanh(linear(parameters, parts_.pooler, outputs.hidden.select(1, 0)));
    taps(pooler_tap, outputs.pooled);
  }
  for (const Head& head : heads()) {
    if (!requested(head)) continue;
    at::Tensor read = head.reads == Reads::pooled ? outputs.pooled : outputs.hidden;
    if (head.reads == Reads::first) read = read.select(1, 0);
    if (head.reads == Reads::last) read = last_tokens(read, batch);
    const auto all_tokens = [&](const SentencePooling& pooling) {
      return pool(pooling, outputs.hidden,
                  batch.attention_mask.defined()
                      ? batch.attention_mask
                      : at::ones({batch.rows(), tokens(batch)},
                                 at::TensorOptions(at::kBool).device(read.device())));
    };
    if (head.reads == Reads::mean) read = all_tokens({{Pooling::mean}});
    if (head.reads == Reads::all) {
      read = all_tokens(head.pooling);
      if (wanted.heads.contains(head.predicts)) outputs.heads[head.predicts] = read;
      continue;
    }
    if (head.reads == Reads::tokens && wanted.positions.defined()) {
      read = read.flatten(0, 1).index_select(0, wanted.positions);
    }
    at::Tensor x = features(parameters, head, read, taps);
    if (!wanted.heads.contains(head.predicts)) continue;
    if (head.scale != 1) x = x * head.scale;
    const at::Tensor bias = first_of(parameters, head.bias);
    at::Tensor& found = outputs.heads[head.predicts];
    found = at::linear(head.dropped ? drop(dropout, x) : x, first_of(parameters, head.weight),
                       bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt);
    if (!head.teacher.empty()) {
      found = (found + linear(parameters, head.teacher, outputs.hidden.select(1, 1))) / 2;
    }
  }
  return outputs;
}

at::Tensor Network::predict(const Tensors& parameters, const Batch& batch, Predicts kind,
                            const at::Tensor& positions, const Dropout* dropout) const {
  return run(parameters, batch, {{kind}, positions}, {}, dropout).heads.at(kind);
}

const Head* Network::head(Predicts kind) const {
  const auto found = std::find_if(heads().begin(), heads().end(),
                                  [&](const Head& head) { return head.predicts == kind; });
  return found == heads().end() ? nullptr : &*found;
}

std::string of_layer(std::int64_t i, const std::string& name) {
  return "layer." + std::to_string(i) + "." + name;
}

std::string with_index(const std::string& pattern, std::int64_t i) {
  std::string text = pattern;
  const std::size_t star = text.find('*');
  return star == std::string::npos ? text : text.replace(star, 1, std::to_string(i));
}

std::vector<Output> all_outputs(const Network& network, const Tensors& parameters,
                                const Batch& batch, Frame frame) {
  Wanted wanted;
  bool stream_read = false, pooler_read = false;
  for (const Head& head : network.heads()) {
    if (head.reads == Reads::all && frame == Frame::free) continue;  // returns units of the stream
    wanted.heads.insert(head.predicts);
    (head.reads == Reads::pooled ? pooler_read : stream_read) = true;
  }
  wanted.pooled = network.has_pooler();
  const Outputs found = network.run(parameters, batch, wanted);
  const bool in_place = network.returns_stream() && frame == Frame::fixed;
  std::vector<Output> all;
  const auto add = [&](const std::string& name, const at::Tensor& x) {
    in_place ? all.push_back({name, x})
             : all.push_back({"inner products of " + name, at::matmul(x, x.transpose(-1, -2))});
  };
  if (in_place || !stream_read) add("hidden states", found.hidden);
  if (wanted.pooled && (in_place || !pooler_read)) add("pooled features", found.pooled);
  for (const auto& [kind, logits] : found.heads) all.push_back({outputs_title(kind), logits});
  return all;
}

std::int64_t sequence_length(const Network& network, const std::optional<std::int64_t>& requested,
                             std::int64_t fallback, const char* option) {
  const std::int64_t positions = network.max_positions();
  require(requested.value_or(0) <= positions, "`{}` is {}, but the model has {} positions", option,
          requested.value_or(0), positions);
  return requested.value_or(std::min(fallback, positions));
}

namespace {

// An id outside [0, size), if any.
std::optional<std::int64_t> outside(const at::Tensor& ids, std::int64_t size) {
  if (!ids.defined() || ids.numel() == 0) return std::nullopt;
  const auto lowest = ids.min().item<std::int64_t>(), highest = ids.max().item<std::int64_t>();
  if (lowest < 0) return lowest;
  return highest < size ? std::nullopt : std::optional(highest);
}

}  // namespace

void check_token_ids(const Network& network, const at::Tensor& ids) {
  if (const auto id = outside(ids, network.vocabulary_size())) {
    fail(
        "token id {} is outside the model's vocabulary of {}; are tokenizer and model from the "
        "same "
        "checkpoint?",
        *id, network.vocabulary_size());
  }
}

void check_tokens(const Network& network, const Batch& batch) {
  require(batch.pixels.defined() == network.reads_images(), "the model reads {}; {}",
          network.reads_images() ? "images" : "text",
          network.reads_images() ? "pass `task` image and its file" : "this file contains images");
  if (network.reads_images()) {
    require(batch.pixels.dim() == 4 && batch.pixels.sizes().slice(1).equals(network.image_shape()),
            "images have shape [{}], but the model reads [{}] (channels, height, width)",
            fmt::join(batch.pixels.sizes().slice(1), ", "), fmt::join(network.image_shape(), ", "));
    return;
  }
  const std::int64_t positions = network.max_positions();
  const std::int64_t rows = positions + network.sizes().uncounted.value_or(-1) + 1;
  if (const auto place = outside(batch.position_ids, rows)) {
    fail("position id {} is out of range, the model has {} positions; truncate the texts", *place,
         rows);
  }
  require(batch.position_ids.defined() || batch.input_ids.size(1) <= positions,
          "a sequence of {} tokens exceeds the model's {} positions; truncate the texts",
          batch.input_ids.size(1), positions);
  if (const auto type = outside(batch.token_type_ids, network.token_types())) {
    fail("token type {} is out of range, the model has {}", *type, network.token_types());
  }
  check_token_ids(network, batch.input_ids);
}

}  // namespace braid
