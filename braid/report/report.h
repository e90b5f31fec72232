// report: a study's results, or one curve, as a self-contained HTML page.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace braid {

struct ReportInput {
  nlohmann::json results;  // as study_results makes them
  nlohmann::json seconds;  // by job; may be null
  std::string source;      // path of the results
};

// Reads a study's folder (results.json and, if present, seconds.json), a results.json, or the JSON
// of `braid barrier --json`. Throws, naming the file, on anything else.
ReportInput read_report_input(const std::filesystem::path& path);

// The files that read_report_input reads.
std::vector<std::filesystem::path> report_files(const std::filesystem::path& path);

// The page as HTML. `command`: as typed, for the provenance.
std::string report_page(const ReportInput& input, const std::string& command);

// Writes every figure to FOLDER/<study>-<figure>.svg; returns the files.
std::vector<std::filesystem::path> write_figures(const ReportInput& input,
                                                 const std::filesystem::path& folder);

}  // namespace braid
