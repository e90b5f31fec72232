#include "braid/tasks/token_text.h"

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"

namespace braid {

TokenText in_batches(const at::Tensor& ids, const at::Tensor& mask, const at::Tensor& labels,
                     std::int64_t batch_size) {
  TokenText text;
  for (std::int64_t begin = 0; begin < ids.size(0); begin += batch_size) {
    const std::int64_t count = std::min(batch_size, ids.size(0) - begin);
    at::Tensor visible = mask.narrow(0, begin, count);
    text.tokens += visible.sum().item<std::int64_t>();
    if (visible.all().item<bool>()) visible = at::Tensor();
    text.batches.push_back(
        {{ids.narrow(0, begin, count), visible, {}}, labels.narrow(0, begin, count)});
  }
  text.scored_tokens = labels.ne(-100).sum().item<std::int64_t>();
  return text;
}

at::Tensor next_token_labels(const at::Tensor& labels) {
  const at::Tensor none = at::full({labels.size(0), 1}, -100, at::kLong);
  return at::cat({labels.narrow(1, 1, labels.size(1) - 1), none}, 1);
}

std::vector<TokenSequence> sequences_of(const TokenText& text) {
  std::vector<TokenSequence> sequences;
  for (const auto& [batch, labels] : text.batches) {
    for (std::int64_t i = 0; i < batch.input_ids.size(0); ++i) {
      at::Tensor ids = batch.input_ids[i];
      if (batch.attention_mask.defined()) ids = ids.masked_select(batch.attention_mask[i]);
      ids = ids.contiguous();
      const auto* begin = ids.const_data_ptr<std::int64_t>();
      sequences.push_back({{begin, begin + ids.numel()}, {}});
    }
  }
  return sequences;
}

TokenText load_token_text(const std::filesystem::path& file, std::int64_t batch_size, bool causal) {
  const Tensors tensors = read_safetensors(file);
  const auto get = [&](const char* name) {
    const auto found = tensors.find(name);
    require(found != tensors.end(), "{}: has no tensor '{}'", file.string(), name);
    require(found->second.dim() == 2 && at::isIntegralType(found->second.scalar_type(), true),
            "{}: {} is {} [{}], expected integers (N, T)", file.string(), name,
            at::toString(found->second.scalar_type()), fmt::join(found->second.sizes(), ", "));
    return found->second.to(at::kLong);
  };
  const at::Tensor ids = get("input_ids");
  at::Tensor labels = get("labels");
  require(ids.sizes() == labels.sizes(), "{}: input_ids are [{}], labels [{}]", file.string(),
          fmt::join(ids.sizes(), ", "), fmt::join(labels.sizes(), ", "));
  const at::Tensor mask = tensors.contains("attention_mask") ? get("attention_mask").to(at::kBool)
                                                             : at::ones_like(ids, at::kBool);
  require(mask.sizes() == ids.sizes(), "{}: attention_mask is not shaped as input_ids",
          file.string());
  if (causal) labels = next_token_labels(labels);
  TokenText text = in_batches(ids, mask, labels, batch_size);
  require(text.scored_tokens > 0, "{}: every label is -100, nothing to score", file.string());
  return text;
}

}  // namespace braid
