#include "braid/tasks/ready_batches.h"

#include <algorithm>
#include <array>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"

namespace braid {
namespace {

constexpr std::array known = {"input_ids", "labels", "attention_mask", "token_type_ids",
                              "position_ids"};

class BatchesFile {
 public:
  BatchesFile(const std::filesystem::path& path, Labels labels_are)
      : file_(path.string()), tensors_(read_safetensors(path)) {
    for (const auto& [name, tensor] : tensors_) {
      require(std::find(known.begin(), known.end(), name) != known.end(),
              "{}: tensor '{}' is unknown; expected only {}", file_, name, fmt::join(known, ", "));
    }
    ids = needed("input_ids");
    require(ids.numel() > 0, "{}: input_ids is [{}] and has no tokens", file_,
            fmt::join(ids.sizes(), ", "));
    labels = labels_are == Labels::unread ? at::full_like(ids, -100) : needed("labels");
    mask = get("attention_mask");
    if (!mask.defined()) mask = at::ones_like(ids);
    types = get("token_type_ids");
    positions = get("position_ids");
    for (const auto& [name, values] :
         {std::pair("input_ids", ids), std::pair("token_type_ids", types),
          std::pair("position_ids", positions)}) {
      const std::int64_t least = values.defined() ? values.min().item<std::int64_t>() : 0;
      require(least >= 0, "{}: {} has {}, expected numbers from 0", file_, name, least);
    }
    require(((mask == 0) | (mask == 1)).all().item<bool>(),
            "{}: attention_mask has values other than 0 and 1", file_);
    require(((labels >= 0) | (labels == -100)).all().item<bool>(),
            "{}: labels has {}; expected token ids, or -100 where nothing is scored", file_,
            labels.masked_fill(labels == -100, 0).min().item<std::int64_t>());
    // From the predicted token to the predicting one.
    if (labels_are == Labels::next) labels = at::constant_pad_nd(labels.slice(1, 1), {0, 1}, -100);
  }

  TokenSequence row(std::int64_t i) const {
    TokenSequence sequence;
    for (std::int64_t j = 0; j < ids.size(1); ++j) {
      const auto at = [&](const at::Tensor& values) {
        return values.const_data_ptr<std::int64_t>()[i * ids.size(1) + j];
      };
      if (at(mask) == 0) {
        require(at(labels) == -100,
                "{}: row {}: attention_mask is 0 at position {}, which would have to predict label "
                "{}; expected -100 there",
                file_, i, j, at(labels));
        continue;
      }
      sequence.ids.push_back(at(ids));
      sequence.labels.push_back(at(labels));
      if (types.defined()) sequence.types.push_back(at(types));
      sequence.positions.push_back(positions.defined() ? at(positions) : j);
    }
    const bool gaps = !sequence.empty() && sequence.positions.back() + 1 != sequence.size();
    if (!gaps && !positions.defined()) sequence.positions.clear();
    return sequence;
  }

  at::Tensor ids, labels, mask, types, positions;  // (N, T) int64

 private:
  at::Tensor needed(const std::string& name) const {
    require(tensors_.contains(name), "{}: has no tensor '{}'", file_, name);
    return get(name);
  }

  at::Tensor get(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return {};
    const at::Tensor& tensor = found->second;
    require(tensor.dim() == 2 && at::isIntegralType(tensor.scalar_type(), true),
            "{}: {} is {} [{}], expected integers (N, T)", file_, name,
            at::toString(tensor.scalar_type()), fmt::join(tensor.sizes(), ", "));
    require(!ids.defined() || tensor.sizes() == ids.sizes(),
            "{}: input_ids is [{}], but {} is [{}]", file_, fmt::join(ids.sizes(), ", "), name,
            fmt::join(tensor.sizes(), ", "));
    return tensor.to(at::kLong).contiguous();
  }

  const std::string file_;
  const Tensors tensors_;
};

}  // namespace

ReadyBatches read_batches(const std::filesystem::path& path, Labels labels) {
  const BatchesFile file(path, labels);
  ReadyBatches ready;
  ready.width = file.ids.size(1);
  for (std::int64_t i = 0; i < file.ids.size(0); ++i) {
    TokenSequence sequence = file.row(i);
    if (!sequence.empty()) ready.sequences.push_back(std::move(sequence));
  }
  require(!ready.sequences.empty(), "{}: attention_mask is 0 for all tokens", path.string());
  return ready;
}

}  // namespace braid
