#include "braid/report/figures.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "braid/mean_and_error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

// Mean of y by x over pairs, with an error band if there are several pairs.
Series series(const std::string& name, const std::vector<double>& x,
              const std::vector<std::vector<double>>& values) {
  Series s{name, x, {}, {}};
  for (const auto& at : values) {
    const MeanAndError y = mean_and_error(at);
    s.y.push_back(y.mean);
    if (at.size() > 1) s.error.push_back(y.error);
  }
  return s;
}

bool matches(const Json& item, const Json& task, const Json& variant, const Json& size) {
  return item["task"] == task["task"] && item["variant"] == variant["name"] &&
         (item["size"] == size || (!variant["aligned"].get<bool>() && item["size"] == 0));
}

// `values` of every curve of a variant, grouped by point.
template <typename Values>
Series along_path(const Json& results, const Json& task, const Json& variant, const Json& size,
                  Values values) {
  std::vector<double> t;
  std::vector<std::vector<double>> points;
  for (const Json& curve : results["curves"]) {
    if (!matches(curve, task, variant, size)) continue;
    t = curve["t"].get<std::vector<double>>();
    points.resize(t.size());
    const Json& y = values(curve);
    for (std::size_t i = 0; i < t.size(); ++i) points[i].push_back(y[i]);
  }
  return series(variant["name"], t, points);
}

Chart loss_figure(const Json& results, const Json& task) {
  const std::string title = task["title"];
  Chart chart{
      slug(task["task"]) + "-loss",
      title + " loss along the path from A (t = 0) to the aligned B (t = 1), mean over pairs",
      "t",
      task["task"] == "stsb" ? "mean squared error" : "loss (nats)",
      false,
      {}};
  for (const Json& variant : results["variants"]) {
    chart.series.push_back(along_path(results, task, variant, results["sizes"].back(),
                                      [](const Json& curve) { return curve["loss"]; }));
  }
  return chart;
}

std::vector<Chart> metric_figures(const Json& results, const Json& task) {
  std::vector<Chart> charts;
  if (task["task"] == "mlm" || task["task"] == "clm") return charts;  // perplexity is exp(loss)
  for (const Json& curve : results["curves"]) {
    if (curve["task"] != task["task"]) continue;
    for (const auto& [metric, values] : curve["metrics"].items()) {
      Chart chart{
          slug(task["task"]) + "-" + slug(metric),
          task["title"].get<std::string>() + " " + metric + " along the path, mean over pairs",
          "t",
          metric,
          false,
          {}};
      for (const Json& variant : results["variants"]) {
        const std::string name = metric;
        chart.series.push_back(along_path(results, task, variant, results["sizes"].back(),
                                          [&](const Json& c) { return c["metrics"][name]; }));
      }
      charts.push_back(chart);
    }
    break;
  }
  return charts;
}

Chart amount_figure(const Json& results, const Json& task) {
  Chart chart{slug(task["task"]) + "-amount",
              task["title"].get<std::string>() + " barrier by lines of alignment text",
              "lines of text",
              "barrier",
              true,
              {}};
  for (const Json& variant : results["variants"]) {
    std::vector<double> sizes;
    std::vector<std::vector<double>> barriers;
    for (const Json& size : results["sizes"]) {
      sizes.push_back(size);
      barriers.emplace_back();
      for (const Json& curve : results["curves"]) {
        if (matches(curve, task, variant, size)) barriers.back().push_back(curve["barrier"]);
      }
    }
    chart.series.push_back(series(variant["name"], sizes, barriers));
  }
  return chart;
}

// An alignment of the task with the most axes.
const Json* richest(const Json& results, const Json& task) {
  const Json* best = nullptr;
  for (const Json& alignment : results["alignments"]) {
    if (alignment["task"] != task["task"]) continue;
    if (!best || alignment["axes"].size() > (*best)["axes"].size()) best = &alignment;
  }
  return best;
}

// Of "layer.3.ffn": 3 and "ffn". nullopt if the axis is of no layer.
std::pair<std::optional<int>, std::string> layer_and_unit(const std::string& axis) {
  constexpr std::string_view prefix = "layer.";
  const std::size_t dot = axis.find('.', prefix.size());
  if (!axis.starts_with(prefix) || dot == std::string::npos) return {};
  int layer = 0;
  const auto read = std::from_chars(axis.data() + prefix.size(), axis.data() + dot, layer);
  const bool whole = read.ec == std::errc() && read.ptr == axis.data() + dot;
  return {whole ? std::optional(layer) : std::nullopt, axis.substr(dot + 1)};
}

Chart correlation_figure(const Json& results, const Json& task, const Json& shown) {
  // The correlation of whole heads is that of their units.
  static const std::set<std::string> heads = {"head", "group", "member", "cross_head"};
  std::map<std::string, std::map<int, std::vector<double>>> lines;
  for (const Json& alignment : results["alignments"]) {
    const bool same = alignment["task"] == task["task"] &&
                      alignment["variant"] == shown["variant"] &&
                      alignment["size"] == results["sizes"].back();
    if (!same) continue;
    for (const auto& [axis, match] : alignment["axes"].items()) {
      const auto [layer, unit] = layer_and_unit(axis);
      if (layer && !heads.contains(unit)) lines[unit][*layer].push_back(match["mean"]);
    }
  }
  static const std::map<std::string, std::string> names = {
      {"ffn", "feed-forward units"},
      {"ov", "units in heads, by context"},
      {"qk", "units in heads, by query and key"},
      {"qk_rest", "units in heads without rotary position, by query and key"},
      {"cross_ov", "units in heads of cross attention, by context"},
      {"cross_qk", "units in heads of cross attention, by query and key"}};
  Chart chart{slug(task["task"]) + "-correlation",
              fmt::format("{}: mean matched correlation by layer, {}",
                          task["title"].get<std::string>(), shown["variant"].get<std::string>()),
              "layer",
              "mean matched correlation",
              false,
              {}};
  for (const auto& [axis, by_layer] : lines) {
    std::vector<double> layers;
    std::vector<std::vector<double>> values;
    for (const auto& [layer, means] : by_layer) {
      layers.push_back(layer);
      values.push_back(means);
    }
    const auto name = names.find(axis);
    chart.series.push_back(series(name == names.end() ? axis : name->second, layers, values));
  }
  return chart;
}

}  // namespace

std::string slug(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool capital = c >= 'A' && c <= 'Z';
    result += plain ? c : capital ? static_cast<char>(c - 'A' + 'a') : '-';
  }
  return result;
}

std::vector<Chart> task_figures(const Json& results, const Json& task) {
  std::vector<Chart> charts = {loss_figure(results, task)};
  for (Chart& chart : metric_figures(results, task)) charts.push_back(std::move(chart));
  if (results["sizes"].size() > 1) charts.push_back(amount_figure(results, task));
  if (const Json* shown = richest(results, task)) {
    Chart chart = correlation_figure(results, task, *shown);
    if (!chart.series.empty()) charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace braid
