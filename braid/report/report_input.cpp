// Files of a report: results that it reads, figures that it writes.
#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/connectivity/barrier.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/report/figures.h"
#include "braid/report/report.h"
#include "braid/report/require_results.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json read_json(const fs::path& path) {
  return parse_json(MappedFile::open(path)->bytes(), path.string(), {.values = 400'000'000});
}

bool is_curve(const Json& json) {
  return json.is_object() && json.contains("t") && json.contains("loss") &&
         json.contains("barrier") && json.contains("metrics") && json.contains("evaluation");
}

// The curve as results of a study with one pair and one variant.
Json study_of(const Json& curve, const std::string& file) {
  const JsonField field(curve, file);
  const std::string task = field.at("evaluation").text("task", "mlm");
  const std::string a = field.text("a", ""), b = field.text("b", "");
  const bool aligned = !field.text("alignment", "").empty();
  const Json head = {{"pair", "A-B"},
                     {"task", task},
                     {"variant", aligned ? "aligned" : "plain average"},
                     {"size", 0}};
  Json labelled = curve;
  labelled.update(head);
  Json row = head;
  for (const auto& [name, value] : numbers_of(curve_of(field))) {
    row[name] = {{"mean", value}, {"error", nullptr}, {"pairs", 1}, {"values", {value}}};
  }
  return {
      {"title", "From " + (a.empty() ? "A" : a) + " to " + (b.empty() ? "B" : b)},
      {"study", "curve"},
      {"about", ""},
      {"models", Json::array({{{"name", "A"}, {"folder", a}}, {{"name", "B"}, {"folder", b}}})},
      {"pairs", {"A-B"}},
      {"tasks", Json::array({{{"task", task}, {"title", task}, {"score", curve["evaluation"]}}})},
      {"variants", Json::array({{{"name", head["variant"]}, {"aligned", aligned}}})},
      {"sizes", {0}},
      {"points", curve["t"].size()},
      {"precision", field.text("precision", "")},
      {"curves", Json::array({labelled})},
      {"alignments", Json::array()},
      {"summary", Json::array({row})}};
}

}  // namespace

std::vector<fs::path> report_files(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files = {path / "results.json"};
  if (fs::exists(path / "seconds.json")) files.push_back(path / "seconds.json");
  return files;
}

ReportInput read_report_input(const fs::path& path) {
  ReportInput input;
  const std::vector<fs::path> files = report_files(path);
  const fs::path& file = files.front();
  if (files.size() > 1) {
    input.seconds = read_json(files.back());
    require_seconds(JsonField(input.seconds, files.back().string()));
  }
  input.source = file.string();
  const Json json = read_json(file);
  if (is_curve(json)) {
    input.results = study_of(json, file.string());
  } else {
    require(json.is_object() && json.value("format", "") == "braid-study",
            "{}: neither results.json of braid study nor JSON of braid barrier", file.string());
    require_results(JsonField(json, file.string()));
    input.results = json;
  }
  return input;
}

std::vector<fs::path> write_figures(const ReportInput& input, const fs::path& folder) {
  fs::create_directories(folder);
  std::vector<fs::path> files;
  for (const Json& task : input.results["tasks"]) {
    for (const Chart& chart : task_figures(input.results, task)) {
      files.push_back(folder / (slug(input.results["study"]) + "-" + chart.id + ".svg"));
      write_file_atomically(files.back(), draw(chart, Setting::alone));
    }
  }
  return files;
}

}  // namespace braid
