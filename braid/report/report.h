// report: a study's results, or one curve, as a page that needs nothing else: no network, no files.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace braid {

struct ReportInput {
  nlohmann::json results;  // as study_results makes them
  nlohmann::json seconds;  // by job, where known; may be null
  std::string source;      // what was read
};

// A study's folder (results.json and, if there, seconds.json), a results.json, or the JSON of
// `braid barrier --json`. Error naming the file where it is none of them.
ReportInput read_report_input(const std::filesystem::path& path);

// The files that it reads.
std::vector<std::filesystem::path> report_files(const std::filesystem::path& path);

// HTML. `command`: as typed, for the provenance.
std::string report_page(const ReportInput& input, const std::string& command);

// Every figure as FOLDER/<study>-<figure>.svg; returns the files.
std::vector<std::filesystem::path> write_figures(const ReportInput& input,
                                                 const std::filesystem::path& folder);

}  // namespace braid
