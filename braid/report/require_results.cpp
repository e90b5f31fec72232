#include "braid/report/require_results.h"

#include <map>
#include <set>

#include "braid/connectivity/barrier.h"
#include "braid/error.h"

namespace braid {
namespace {

// The numbers of a curve by task; their names are the same for all curves of one.
using Columns = std::map<std::string, std::set<std::string>>;

std::vector<JsonField> items_or_none(const JsonField& list) {
  return list.json() == nlohmann::json::array() ? std::vector<JsonField>() : list.items();
}

// What curves, alignments and rows of the summary belong to.
void require_place(const JsonField& item) {
  item.at("task").text();
  item.at("variant").text();
  item.at("size").integer(0);
}

Columns require_curves(const JsonField& results) {
  const auto points = static_cast<std::size_t>(results.at("points").integer(2));
  Columns columns;
  for (const JsonField& item : results.at("curves").items()) {
    require_place(item);
    item.at("barrier").number();
    const Curve curve = curve_of(item);
    require(curve.t.size() == points, "{}, t: expected {} numbers, as `points` says, found {}",
            item.where(), points, curve.t.size());
    std::set<std::string> names;
    for (const auto& [name, value] : numbers_of(curve)) names.insert(name);
    const auto [first, added] = columns.try_emplace(item.at("task").text(), names);
    require(first->second == names,
            "{}, metrics: expected the same metrics in all curves of one task", item.where());
  }
  return columns;
}

void require_summary(const JsonField& row, const Columns& columns) {
  require_place(row);
  const auto of_task = columns.find(row.at("task").text());
  if (of_task == columns.end()) row.at("task").refuse("a task with curves");
  for (const std::string& name : of_task->second) {
    const JsonField value = row.at(name);
    value.at("mean").number();
    value.at("pairs").integer(1);
    if (!value.at("error").json().is_null()) value.at("error").number();
  }
  if (!row.has("published")) return;
  const JsonField published = row.at("published");
  if (!published.json().is_array()) {
    published.number();
  } else if (published.numbers().size() != 2) {
    published.refuse("a mean and a standard error");
  }
}

void require_alignment(const JsonField& alignment) {
  require_place(alignment);
  alignment.at("pair").text();
  const JsonField axes = alignment.at("axes");
  for (const std::string& name : axes.keys()) {
    axes.at(name).at("mean").number();
    if (name.ends_with(".head") || name.ends_with(".group")) axes.at(name).at("indices").integers();
  }
}

}  // namespace

void require_results(const JsonField& results) {
  for (const char* key : {"study", "title"}) results.at(key).text();
  for (const char* key : {"about", "version", "precision"}) results.text(key, "");
  results.at("sizes").integers();
  for (const JsonField& model : results.at("models").items()) {
    model.at("name").text();
    model.text("key", "");
  }
  for (const JsonField& task : results.at("tasks").items()) {
    task.at("task").text();
    task.at("title").text();
  }
  for (const JsonField& variant : results.at("variants").items()) {
    variant.at("name").text();
    variant.at("aligned").boolean();
  }
  const Columns columns = require_curves(results);
  for (const JsonField& row : results.at("summary").items()) require_summary(row, columns);
  for (const JsonField& alignment : items_or_none(results.at("alignments"))) {
    require_alignment(alignment);
  }
}

void require_seconds(const JsonField& seconds) {
  for (const std::string& job : seconds.keys()) {
    seconds.at(job).text("kind", "");
    seconds.at(job).number("seconds", 0);
  }
}

}  // namespace braid
