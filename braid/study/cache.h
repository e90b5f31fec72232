// Cache: results by what they are made of. A key is the fingerprint of a job's kind, options and
// inputs, so nothing is computed twice, and a change redoes what depends on it alone.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "braid/checkpoint/file_lock.h"

namespace braid {

class Cache {
 public:
  // Makes the folder, and sweeps what a killed run left half-written. Error where another process
  // uses it, until this is destroyed.
  explicit Cache(std::filesystem::path folder);
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // folder/kind/key + suffix
  std::filesystem::path place(const std::string& kind, const std::string& key,
                              const std::string& suffix = "") const;

  // Seconds that a job took, kept beside the results and never part of them.
  void record(const std::string& key, const std::string& kind, const std::string& label,
              double seconds) const;
  nlohmann::json records() const;  // by key

 private:
  std::filesystem::path folder_;
  std::optional<FileLock> lock_;
};

// Of the JSON's canonical text.
std::string cache_key(const nlohmann::json& what);

// Of a file's bytes. Error naming it.
std::string file_key(const std::filesystem::path& file);

}  // namespace braid
