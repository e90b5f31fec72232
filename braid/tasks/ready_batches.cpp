#include "braid/tasks/ready_batches.h"

#include <algorithm>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"

namespace braid {

ReadyBatches read_batches(const std::filesystem::path& path) {
  const std::string file = path.string();
  const Tensors tensors = read_safetensors(path);
  const auto get = [&](const char* name) {
    const auto found = tensors.find(name);
    require(found != tensors.end(), "{}: has no tensor '{}'", file, name);
    require(found->second.dim() == 2 && at::isIntegralType(found->second.scalar_type(), true),
            "{}: {} is {} [{}], expected integers (N, T)", file, name,
            at::toString(found->second.scalar_type()), fmt::join(found->second.sizes(), ", "));
    return found->second.to(at::kLong).contiguous();
  };
  const at::Tensor ids = get("input_ids"), labels = get("labels");
  require(ids.sizes() == labels.sizes(), "{}: input_ids are [{}], labels [{}]", file,
          fmt::join(ids.sizes(), ", "), fmt::join(labels.sizes(), ", "));
  at::Tensor mask = at::ones_like(ids);
  if (tensors.contains("attention_mask")) mask = get("attention_mask");
  require(mask.sizes() == ids.sizes(), "{}: attention_mask is not shaped as input_ids", file);
  ReadyBatches ready;
  ready.width = ids.size(1);
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    const auto values = [&](const at::Tensor& rows) {
      return rows.const_data_ptr<std::int64_t>() + row * ready.width;
    };
    const std::int64_t* visible = values(mask);
    const std::int64_t* end = std::find(visible, visible + ready.width, 0);
    const std::int64_t length = end - visible;
    require(std::all_of(end, visible + ready.width, [](std::int64_t seen) { return seen == 0; }),
            "{}: row {}: attention_mask hides tokens that others follow; padding is read at the "
            "end only",
            file, row);
    TokenSequence sequence;
    sequence.ids.assign(values(ids), values(ids) + length);
    sequence.labels.assign(values(labels), values(labels) + length);
    const auto none = [](std::int64_t label) { return label == -100; };
    require(std::all_of(values(labels) + length, values(labels) + ready.width, none),
            "{}: row {}: a label stands on padding; expected -100 there", file, row);
    if (length > 0) ready.sequences.push_back(std::move(sequence));
  }
  return ready;
}

std::vector<std::int64_t> next_token_labels(const std::vector<std::int64_t>& labels) {
  std::vector<std::int64_t> next(labels.begin() + !labels.empty(), labels.end());
  next.resize(labels.size(), -100);
  return next;
}

}  // namespace braid
