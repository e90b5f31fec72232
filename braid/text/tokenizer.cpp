#include "braid/text/tokenizer.h"

#include "braid/error.h"
#include "braid/text/byte_level_bpe.h"
#include "braid/text/tokenizer_json.h"
#include "braid/text/wordpiece.h"

namespace braid {

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto has = [&](const char* file) {
    return std::filesystem::exists(folder / file, ignored);
  };
  bool byte_level = has("vocab.json");
  if (has("tokenizer.json")) {
    const nlohmann::json json = parse_object(folder / "tokenizer.json");
    const nlohmann::json& model = member(json, "model");
    byte_level = model.is_object() && member(model, "type") == "BPE";
  } else {
    require(byte_level || has("vocab.txt"),
            "{}: has no tokenizer; expected tokenizer.json, vocab.txt, or vocab.json and "
            "merges.txt",
            folder.string());
  }
  if (byte_level) return std::make_unique<ByteLevelBpe>(ByteLevelBpe::from_folder(folder));
  return std::make_unique<WordPiece>(WordPiece::from_folder(folder));
}

}  // namespace braid
