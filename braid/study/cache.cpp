#include "braid/study/cache.h"

#include <fstream>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/json/json_text.h"

namespace braid {

namespace fs = std::filesystem;

Cache::Cache(fs::path folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  require(!error, "{}: cannot be created: {}", folder_.string(), error.message());
  lock_.emplace(folder_ / "lock", folder_);
  for (const char* kind :
       {"vocabularies", "models", "moments", "alignments", "curves", "records"}) {
    fs::create_directories(folder_ / kind);
    for (const auto& entry : fs::directory_iterator(folder_ / kind)) {
      if (entry.path().filename().string().find(".partial-") == std::string::npos) continue;
      fs::remove_all(entry.path(), error);
    }
  }
}

fs::path Cache::place(const std::string& kind, const std::string& key,
                      const std::string& suffix) const {
  return folder_ / kind / (key + suffix);
}

void Cache::record(const std::string& key, const std::string& kind, const std::string& label,
                   double seconds) const {
  const nlohmann::json json = {{"kind", kind}, {"label", label}, {"seconds", seconds}};
  write_file_atomically(place("records", key, ".json"), to_text(json) + "\n");
}

nlohmann::json Cache::records() const {
  nlohmann::json records = nlohmann::json::object();
  for (const auto& entry : fs::directory_iterator(folder_ / "records")) {
    std::ifstream file(entry.path());
    nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
    if (json.is_object()) records[entry.path().stem().string()] = json;
  }
  return records;
}

std::string cache_key(const nlohmann::json& description) {
  return fingerprint_text(to_text(description));
}

std::string file_key(const fs::path& file) {
  return fingerprint_text(MappedFile::open(file)->bytes());
}

}  // namespace braid
