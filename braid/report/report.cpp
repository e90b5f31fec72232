#include "braid/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "braid/report/figures.h"

namespace braid {

extern const char* const page_css;  // page.css and page.js, embedded by the build
extern const char* const page_js;

namespace {

using Json = nlohmann::json;

std::string number(const Json& value, int digits = 3) {
  return value.is_number() ? fmt::format("{:.{}f}", value.get<double>(), digits) : "";
}

std::string with_error(const Json& value) {
  if (value.is_null()) return "";
  std::string text = number(value["mean"]);
  if (value["error"].is_number()) text += " ± " + number(value["error"]);
  return text;
}

std::string cell(const std::string& text) { return "<td>" + text + "</td>"; }
std::string head(const std::string& text) { return "<th scope=\"col\">" + text + "</th>"; }

std::string published(const Json& row) {
  const Json value = row.value("published", Json());
  if (value.is_array()) return number(value[0], 2) + " ± " + number(value[1], 2);
  return number(value, 2);
}

std::string summary_table(const Json& results, const Json& task) {
  std::vector<std::string> metrics;
  std::set<std::string> inexact;
  bool several_sizes = results["sizes"].size() > 1, any_published = false;
  for (const Json& curve : results["curves"]) {
    if (curve["task"] != task["task"]) continue;
    if (metrics.empty()) {
      for (const auto& [name, values] : curve["metrics"].items()) {
        if (name != "perplexity") metrics.push_back(name);  // it is exp(loss)
      }
    }
    if (!curve["exact"].get<bool>()) inexact.insert(curve["variant"]);
  }
  for (const Json& row : results["summary"]) {
    any_published |= row["task"] == task["task"] && row.contains("published");
  }
  std::string rows;
  std::size_t pairs = 0;
  for (const Json& row : results["summary"]) {
    if (row["task"] != task["task"]) continue;
    const std::string variant = row["variant"];
    pairs = row["barrier"]["pairs"];
    rows += fmt::format("<tr data-variant=\"{}\" data-size=\"{}\"><th scope=\"row\">{}{}</th>",
                        escape(variant), row["size"].dump(), escape(variant),
                        inexact.contains(variant) ? " <abbr title=\"not a symmetry: the path does "
                                                    "not end in B\">†</abbr>"
                                                  : "");
    if (several_sizes) rows += cell(row["size"] == 0 ? "" : row["size"].dump());
    rows += cell(with_error(row["barrier"]));
    if (any_published) rows += cell(published(row));
    rows += cell(with_error(row["barrier_chord"])) + cell(with_error(row["midpoint"])) +
            cell(with_error(row["end"])) + cell(with_error(row["ends"]));
    for (const std::string& metric : metrics) {
      rows += cell(with_error(row[metric])) + cell(with_error(row[metric + "_ends"]));
    }
    rows += "</tr>\n";
  }
  std::string columns = head("variant");
  if (several_sizes) columns += head("lines");
  columns += head("barrier");
  if (any_published) columns += head("published<br>barrier");
  columns += head("against<br>the chord") + head("loss at<br>t = ½") + head("loss at<br>t = 1") +
             head("loss of<br>A and B");
  for (const std::string& metric : metrics) {
    columns += head(escape(metric) + "<br>at t = ½") + head(escape(metric) + "<br>of A and B");
  }
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0} table\"><table "
      "class=\"summary\" data-task=\"{1}\">"
      "<caption>{0}: mean ± standard error over {2} "
      "pair{3}.{4}</caption><thead><tr>{5}</tr></thead>"
      "<tbody>\n{6}</tbody></table></div>\n",
      escape(task["title"]), escape(task["task"]), pairs, pairs == 1 ? "" : "s",
      inexact.empty() ? "" : " † is not a symmetry: its path does not end in B.", columns, rows);
}

// The data of a chart for the page's script.
std::string chart_data(const Chart& chart) {
  std::set<double> x;
  Json series = Json::array();
  for (const Series& s : chart.series) {
    x.insert(s.x.begin(), s.x.end());
    series.push_back({{"name", s.name}, {"x", s.x}, {"y", s.y}, {"error", s.error}});
  }
  return Json{{"x", x}, {"x_label", chart.x_label}, {"log", chart.log_x}, {"series", series}}
      .dump();
}

// Inside <script>, only "</" and "<!--" could end it.
std::string script_text(std::string text) {
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at)) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

std::string figure(const Chart& chart) {
  std::string legend;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    legend += fmt::format(
        "<tr><td><svg viewBox=\"0 0 34 12\" aria-hidden=\"true\" class=\"s{}\"><path "
        "class=\"line\" "
        "d=\"M0 6h34\"/></svg>{}</td><td class=\"value\"></td></tr>",
        i % 8, escape(chart.series[i].name));
  }
  return fmt::format(
      "<figure class=\"chart\" id=\"{0}\" tabindex=\"0\" aria-label=\"{1}. Arrow keys read "
      "values.\">\n{2}<table class=\"legend\"><caption>Lines</caption><tbody>{3}</tbody></table>\n"
      "<figcaption>{1}</figcaption><p class=\"soft readout\" role=\"status\"></p>\n"
      "<script type=\"application/json\">{4}</script></figure>\n",
      chart.id, escape(chart.title), draw(chart, Setting::page), legend,
      script_text(chart_data(chart)));
}

// Which head of B took each place of A, for the first pairs of the variant that aligns most.
std::string head_pictures(const Json& results, const Json& task) {
  constexpr int most = 10;
  std::string variant, axis;
  for (const Json& a : results["alignments"]) {
    for (const char* name : {"head", "group"}) {  // group: query heads that share a key
      const bool has = a["axes"].contains(fmt::format("layer.0.{}", name));
      if (a["task"] == task["task"] && has) variant = a["variant"], axis = name;
    }
  }
  if (variant.empty()) return "";
  const auto of_layer = [&](std::size_t i) { return fmt::format("layer.{}.{}", i, axis); };
  std::string rows;
  std::size_t layers = 0;
  int shown = 0;
  for (const Json& a : results["alignments"]) {
    const bool same = a["task"] == task["task"] && a["variant"] == variant &&
                      a["size"] == results["sizes"].back();
    if (!same || shown++ >= most) continue;
    rows += "<tr><th scope=\"row\">" + escape(a["pair"]) + "</th>";
    for (layers = 0; a["axes"].contains(of_layer(layers)); ++layers) {
      const Json& order = a["axes"][of_layer(layers)]["indices"];
      rows += cell(draw_permutation(
          order, fmt::format("layer {}: {}s {} of B at places 0, 1, ... of A", layers, axis,
                             fmt::join(order.get<std::vector<int>>(), ", "))));
    }
    rows += "</tr>\n";
  }
  std::string columns = head("pair");
  for (std::size_t i = 0; i < layers; ++i) columns += head(fmt::format("layer {}", i));
  return fmt::format(
      "<h3>Which head of B took each place of A</h3><div class=\"scroll\" tabindex=\"0\" "
      "role=\"region\" aria-label=\"{} head assignments\"><table><caption>{}; a row of a square is "
      "a place of A, a column a head of B.</caption><thead><tr>{}</tr></thead><tbody>\n{}</tbody>"
      "</table></div>\n",
      escape(task["title"]), escape(variant), columns, rows);
}

std::string entry(const std::string& name, const std::string& value) {
  return "<dt>" + escape(name) + "</dt><dd>" + value + "</dd>\n";
}

std::string provenance(const ReportInput& input, const std::string& command) {
  const Json& results = input.results;
  std::string text = entry("braid", escape(results.value("version", "")));
  text += entry("this page", "<code>" + escape(command) + "</code>");
  text += entry("read from", "<code>" + escape(input.source) + "</code>");
  text += entry("points per path", results["points"].dump());
  text += entry("precision of forward passes", escape(results.value("precision", "")));
  for (const Json& model : results["models"]) {
    Json source = model;
    source.erase("name");
    source.erase("key");
    text += entry("model " + model["name"].get<std::string>(),
                  fmt::format("key <code>{}</code><br><code>{}</code>",
                              escape(model.value("key", "")), escape(source.dump())));
  }
  for (const Json& task : results["tasks"]) {
    text += entry("task " + task["task"].get<std::string>(),
                  "<code>" + escape(task.dump()) + "</code>");
  }
  if (input.seconds.is_object()) {
    std::map<std::string, std::pair<int, double>> kinds;
    for (const auto& [key, record] : input.seconds.items()) {
      auto& [count, seconds] = kinds[record.value("kind", "")];
      ++count;
      seconds += record.value("seconds", 0.0);
    }
    for (const auto& [kind, sum] : kinds) {
      text += entry("seconds of " + kind, fmt::format("{:.1f} in {} job{}", sum.second, sum.first,
                                                      sum.first == 1 ? "" : "s"));
    }
  }
  return "<h2 id=\"provenance\">Where these numbers come from</h2><dl>\n" + text + "</dl>\n";
}

}  // namespace

std::string report_page(const ReportInput& input, const std::string& command) {
  const Json& results = input.results;
  const std::string title = results["title"];
  std::string contents, body;
  for (const Json& task : results["tasks"]) {
    const std::string id = slug(task["task"]);
    contents += fmt::format("<li><a href=\"#{}\">{}</a></li>", id, escape(task["title"]));
    body += fmt::format("<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{1}</h2>\n", id,
                        escape(task["title"]));
    body += summary_table(results, task);
    for (const Chart& chart : task_figures(results, task)) body += figure(chart);
    body += head_pictures(results, task) + "</section>\n";
  }
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
      "<link rel=\"icon\" href=\"data:,\"><title>{0} - braid</title><style>\n{1}</style></head>\n"
      "<body><a class=\"skip\" href=\"#main\">Skip to the results</a><header><h1>{0}</h1><p>{2}</p>"
      "<nav aria-label=\"Contents\"><ul>{3}<li><a "
      "href=\"#provenance\">Provenance</a></li></ul></nav>"
      "</header>\n<main id=\"main\"><p class=\"soft\">t = 0 is A, t = 1 is the aligned B. The "
      "barrier "
      "is the highest loss on the path above the mean of the two ends.</p>\n{4}{5}</main>\n"
      "<script type=\"application/json\" id=\"results\">{6}</script>\n<script>\n{7}</script></body>"
      "</html>\n",
      escape(title), page_css, escape(results.value("about", "")), contents, body,
      provenance(input, command), script_text(results.dump()), page_js);
}

}  // namespace braid
