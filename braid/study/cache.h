// Cache: results keyed by the fingerprint of a job's kind, options and inputs. Nothing is computed
// twice, and a change recomputes only what depends on it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "braid/checkpoint/file_lock.h"

namespace braid {

class Cache {
 public:
  // Creates the folder, locks it until destruction and removes partial files of a killed run.
  // Throws if another process holds the lock.
  explicit Cache(std::filesystem::path folder);
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // folder/kind/key + suffix
  std::filesystem::path place(const std::string& kind, const std::string& key,
                              const std::string& suffix = "") const;

  // Records the seconds that a job took; they are kept apart from the results.
  void record(const std::string& key, const std::string& kind, const std::string& label,
              double seconds) const;
  nlohmann::json records() const;  // by key

 private:
  std::filesystem::path folder_;
  std::optional<FileLock> lock_;
};

// Fingerprint of the canonical text of a JSON value.
std::string cache_key(const nlohmann::json& description);

// Fingerprint of a file's bytes. Throws, naming the file, if it cannot be read.
std::string file_key(const std::filesystem::path& file);

}  // namespace braid
