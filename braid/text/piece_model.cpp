#include "braid/text/piece_model.h"

#include <map>

#include "braid/text/bpe.h"
#include "braid/text/tokenizer_json.h"
#include "braid/text/unigram.h"

namespace braid {
namespace {

template <typename Model>
std::unique_ptr<PieceModel> make(const PipelineDescription& description) {
  return std::make_unique<Model>(description);
}

using Make = std::unique_ptr<PieceModel> (*)(const PipelineDescription&);

const std::map<std::string, Make> kModels = {{"BPE", make<Bpe>}, {"Unigram", make<Unigram>}};

}  // namespace

std::vector<std::int64_t> fallback_tokens(const Pieces& pieces) {
  std::unordered_map<std::string, std::size_t> bytes;
  for (std::size_t byte = 0; byte < 256; ++byte) bytes[fmt::format("<0x{:02X}>", byte)] = byte;
  std::vector<std::int64_t> ids(256, -1);
  for (std::size_t id = 0; id < pieces.by_id.size(); ++id) {
    const auto found = bytes.find(pieces.by_id[id]);
    if (found != bytes.end()) ids[found->second] = static_cast<std::int64_t>(id);
  }
  return ids;
}

std::unique_ptr<PieceModel> make_model(const PipelineDescription& description) {
  return find_component(kModels, "model", description.model, description.source)(description);
}

}  // namespace braid
