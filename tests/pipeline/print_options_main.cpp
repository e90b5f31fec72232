// Prints docs/options.md: every option of every request, read off the lists that the program reads.
#include <cmath>
#include <cstdio>

#include "braid/pipeline/curve.h"
#include "braid/pipeline/merge_request.h"

namespace {

using braid::Option;
using braid::OptionKind;
using braid::OptionList;
using braid::Use;

const char* word_for(OptionKind kind) {
  switch (kind) {
    case OptionKind::flag:
      return "flag";
    case OptionKind::integer:
      return "integer";
    case OptionKind::number:
      return "number";
    case OptionKind::bytes:
      return "bytes";
    case OptionKind::words:
      return "list";
    case OptionKind::numbers:
      return "numbers";
    case OptionKind::word:
      break;
  }
  return "text";
}

std::string values(const Option& option) {
  if (!option.choices.empty()) {
    const char* between = option.kind == OptionKind::words ? "," : ", ";
    return fmt::format("{}", fmt::join(option.choices, between));
  }
  std::string text = word_for(option.kind);
  const bool low = std::isfinite(option.least), high = std::isfinite(option.most);
  if (low && high) text += fmt::format(", {} to {}", option.least, option.most);
  if (low && !high && option.kind != OptionKind::bytes)
    text += fmt::format(", {} at least", option.least);
  return text;
}

std::string usual(const Option& option) {
  if (!option.unset.empty()) return option.unset;
  const nlohmann::json value = option.get();
  if (value.is_null() || value == "" || (value.is_array() && value.empty())) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

const char* shapes(Use use) {
  switch (use) {
    case Use::features:
      return "moments, result";
    case Use::result:
      return "result";
    case Use::input:
      return "by content";
    case Use::output:
      return "";
  }
  return "";
}

void print(const char* title, const char* where, const OptionList& list) {
  fmt::print(
      "\n## {}\n\n{}\n\n| option | values | default | description | affects "
      "|\n|---|---|---|---|---|\n",
      title, where);
  for (const Option& option : list) {
    const std::string also =
        option.other_name.empty() ? "" : fmt::format(" (`{}`)", option.other_name);
    fmt::print("| `{}`{} | {} | {} | {} | {} |\n", option.name, also, values(option), usual(option),
               option.help, shapes(option.use));
  }
}

}  // namespace

int main() {
  fmt::print(
      "# Options\n\n"
      "Written by `build/tests/print_options` from the lists in `braid/pipeline/` that also give "
      "the "
      "command line (`--in-head`), study\nfiles (`in-head:`), provenance and cache keys "
      "(`\"in_head\"`); a test keeps this page up to date. *affects*: the results that the\noption "
      "changes, whose provenance and cache keys include it.\n");
  braid::AlignRequest align;
  print("Aligning", "`braid align`, `braid merge`; a variant of a study.", options_of(align));
  braid::ScoreRequest score;
  print("Measuring", "`braid evaluate`, `braid barrier`; a task of a study.", options_of(score));
  braid::CurveRequest curve;
  print("The path", "`braid barrier`; a variant of a study.", options_of(curve));
  braid::MergeRequest merge;
  print("Merging", "`braid merge`, in addition to the options of aligning.",
        options_of_merging(merge));
  braid::Compute compute;
  print("Computing", "All commands that compute.", options_of(compute));
}
