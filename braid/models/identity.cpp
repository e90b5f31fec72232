#include "braid/models/identity.h"

#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/json/json_text.h"
#include "braid/models/named_entries.h"
#include "braid/text/tokenizer_files.h"

namespace braid {
namespace {

nlohmann::json to_json(const SentencePooling& pooling) {
  return {pooling.modes, pooling.normalised, pooling.longest, pooling.text_changes};
}

}  // namespace

std::string tokenizer_fingerprint(const std::filesystem::path& folder) {
  nlohmann::json files = nlohmann::json::object();
  for (const std::string& name : tokenizer_file_names()) {
    if (!std::filesystem::is_regular_file(folder / name)) continue;
    files[name] = fingerprint_text(MappedFile::open(folder / name)->bytes());
  }
  return fingerprint_text(to_text(files));
}

std::string table_fingerprint(const Model& model) {
  return model.table ? fingerprint_text(to_yaml(folded(model.symmetries, model.parameters))) : "";
}

nlohmann::json identify(const Model& model) {
  nlohmann::json reads = {{"config", model.config},
                          {"tokenizer", tokenizer_fingerprint(model.reads_by)}};
  if (model.sentence) reads["sentence"] = to_json(*model.sentence);
  nlohmann::json json = {{"path", model.folder.string()},
                         {"fingerprint", fingerprint(as_stored(model))},
                         {"reads", fingerprint_text(to_text(reads))}};
  if (model.table) json["table"] = table_fingerprint(model);
  return json;
}

}  // namespace braid
