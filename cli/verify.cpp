// braid verify: do two checkpoints compute the same function?
#include "braid/connectivity/rounding.h"

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"
#include "braid/models/named_entries.h"
#include "braid/pipeline/table_proof.h"
#include "braid/table.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace braid {
namespace {

struct Options {
  std::string first, second, text, json;
  std::string table, alignment, callable, python = "python3";  // with a table
  std::vector<std::string> outputs;
  std::optional<double> tolerance;
  std::int64_t lines = 64;
  std::uint64_t seed = 0;
  Compute compute;
};

// Tolerance for reordered units, which change the order of float64 sums.
constexpr double order_of_sums = 1e-9;

nlohmann::json difference_json(const TensorDifference& found) {
  return {{"same", found.same()},
          {"worst", found.tensor},
          {"relative", found.relative},
          {"tolerance", found.tolerance}};
}

TensorDifference within(TensorDifference found, const std::optional<double>& tolerance) {
  found.tolerance = tolerance.value_or(found.tolerance);
  return found;
}

// Compares outputs of both models that were computed elsewhere.
int compare_saved(const Options& options, const Tensors& x, const Tensors& y,
                  const std::vector<std::string>& of) {
  const TensorDifference found =
      within(compare_outputs(x, y, of.at(0), of.at(1)), options.tolerance);
  nlohmann::json json = difference_json(found);
  json["compared"] = "outputs";
  report(fmt::format("{}: {} output(s) computed elsewhere, in every element\n"
                     "largest difference in {}, relative to its largest value {:.3e}, tolerance "
                     "{:.1e}\n",
                     found.same() ? "SAME OUTPUTS" : "DIFFERENT OUTPUTS", x.size(), found.tensor,
                     found.relative, found.tolerance),
         json, options.json);
  return found.same() ? 0 : 1;
}

// Applies random elements of every axis; `callable` computes the model's outputs.
int check_table(const Options& options, const Model& model, const Callable& callable) {
  std::vector<std::vector<std::string>> rows = {{"axis", "change", "tolerance", ""}};
  nlohmann::json axes = nlohmann::json::object();
  bool right = true;
  for (const auto& [name, change] : prove_table(model, callable, options.seed)) {
    const TensorDifference found = within(change, options.tolerance);
    right &= found.same();
    rows.push_back({name, fmt::format("{:.3e}", found.relative),
                    fmt::format("{:.1e}", found.tolerance),
                    !found.same()         ? "WRONG"
                    : found.relative == 0 ? "exactly 0: is it used?"
                                          : ""});
    axes[name] = difference_json(found);
  }
  report(fmt::format("{}: random elements of every axis of {}, by {}\n\n{}",
                     right ? "THE TABLE IS RIGHT" : "THE TABLE IS WRONG", options.first,
                     options.callable, format_table(rows)),
         {{"same", right}, {"compared", "random elements"}, {"axes", axes}}, options.json);
  return right ? 0 : 1;
}

// Compares the tensors alone.
int show_element(const Options& options, const Model& first, const Model& second) {
  std::optional<Alignment> element;
  if (!options.alignment.empty()) {
    element = load_alignment(options.alignment);
    require_made_for(*element, first, options.alignment);
  }
  const TensorDifference found =
      within(prove_moved(first, second, element, options.compute), options.tolerance);
  const std::string by = options.alignment.empty() ? "found from their weights" : options.alignment;
  const std::string verdict =
      found.same()
          ? fmt::format(
                "SAME FUNCTION, if the table is right: every tensor is that of {} moved by one "
                "element of the table's groups ({})\n"
                "This does not check the table, which needs a forward pass: pass `callable` or "
                "`outputs`\n",
                options.first, by)
          : fmt::format(
                "NOT SHOWN: the element of the table's groups tried ({}) does not produce {} from "
                "{}; they may still compute the same function: pass the `alignment` that made it, "
                "or `callable` or `outputs`\n",
                by, options.second, options.first);
  nlohmann::json json = difference_json(found);
  json.update({{"compared", "tensors"}, {"structural", true}});
  report(verdict + fmt::format("largest difference in {}, relative to its largest value {:.3e}, "
                               "tolerance {:.1e}\n",
                               found.tensor, found.relative, found.tolerance),
         json, options.json);
  return found.same() ? 0 : 1;
}

int run_by_table(const Options& options) {
  const Model first = load_model(options.first, options.table);
  if (options.callable.empty()) {
    require(!options.second.empty(),
            "expected two checkpoints, found one; to check one against its table, pass `callable` "
            "SCRIPT.py:FUNCTION");
    return show_element(options, first, load_model(options.second, options.table));
  }
  const Callable callable = parse_callable(options.callable, options.python);
  if (options.second.empty()) return check_table(options, first, callable);
  const Model second = load_model(options.second, options.table);
  std::vector<Tensors> both;
  for (const Model* model : {&first, &second}) {
    both.push_back(cast(model->parameters, at::kDouble));
    both.back().insert(model->carried.begin(), model->carried.end());
  }
  const std::vector<Tensors> outputs = outputs_of(callable, both);
  return compare_saved(options, outputs[0], outputs[1], {options.first, options.second});
}

// The script of SCRIPT.py:FUNCTION.
std::vector<std::filesystem::path> script_of(const std::string& callable) {
  return {callable.substr(0, callable.rfind(':'))};
}

OptionList options_of(Options& options) {
  OptionList list;
  list.add("B", options.first, "Checkpoint folder").as(Use::input).needed();
  list.add("OUT", options.second, "Checkpoint folder to compare with it").as(Use::input);
  list_table(list, options.table);
  list.add("alignment", options.alignment, "With a table: the alignment that made OUT from B")
      .as(Use::input);
  list.add("callable", options.callable,
           "With a table: SCRIPT.py:FUNCTION, which takes a dict of float64 tensors by name "
           "and returns the model's outputs on inputs of its choice")
      .reading(script_of);
  list.add("python", options.python, "Interpreter that runs callable; needs torch and safetensors")
      .plain();
  list.add("outputs", options.outputs,
           "Two safetensors files: the outputs of B and of OUT on the same inputs")
      .as(Use::input);
  list.add("text", options.text, "Compare on the lines of this file; default random tokens")
      .as(Use::input);
  list.add("lines", options.lines, "Only the first N lines").from(1);
  list.add("tolerance", options.tolerance,
           "Largest difference allowed, relative to the largest output; default 1e-9, enough for "
           "reordered units; where units are mixed, the effect of rounding stored values again");
  list.add("seed", options.seed, "Seed of the random tokens");
  list_threads(list, options.compute);
  list_json(list, options.json);
  return list;
}

// How the two are compared, and the options that have no part in it. A seed is always taken.
struct Way {
  std::string by;
  std::vector<std::string> unused;
};

Way way_of(const Options& options) {
  if (!options.outputs.empty()) {
    return {"with `outputs`, which are compared as they are",
            {"table", "alignment", "callable", "python", "text", "lines"}};
  }
  if (!options.table.empty() && !options.callable.empty()) {
    return {"with `callable`, which computes the outputs on its own inputs",
            {"alignment", "text", "lines"}};
  }
  if (!options.table.empty()) {
    return {"with a `table`, which has no forward pass; pass `callable` or `outputs` for one",
            {"python", "text", "lines"}};
  }
  Way way{"here: without a `table` braid runs the models itself, on random tokens or on `text`",
          {"callable", "alignment", "python"}};
  if (options.text.empty()) way.unused.emplace_back("lines");
  return way;
}

void require_used(Options given) {
  const Way way = way_of(given);
  Options untouched;
  const OptionList options = options_of(given), defaults = options_of(untouched);
  for (const std::string& name : way.unused) {
    require(options.find(name).get() == defaults.find(name).get(), "`{}` is not used {}", name,
            way.by);
  }
}

int run(const Options& options) {
  require_used(options);
  if (!options.outputs.empty()) {
    return compare_saved(options, read_safetensors(options.outputs.at(0)),
                         read_safetensors(options.outputs.at(1)), options.outputs);
  }
  if (!options.table.empty()) return run_by_table(options);
  require(!options.second.empty(), "expected two checkpoints, found one");
  const Model first = load_model(options.first), second = load_model(options.second);
  if (!options.text.empty()) require_same_ids(first, second);
  const auto sequences = options.text.empty()
                             ? random_sequences(first, 16, options.seed)
                             : read_sequences(first, options.text, nullptr, options.lines);
  const auto compare = [&](Frame frame) {
    return verify(first, second, sequences, options.compute, frame);
  };
  const auto allowed = [&](const Difference& found) {
    if (options.tolerance) return *options.tolerance;
    if (found.relative() <= order_of_sums || !is_rounded_anew(first, second)) return order_of_sums;
    return std::max(order_of_sums,
                    rounding(first, second, sequences, options.compute, found.frame));
  };
  const Difference found = compare(Frame::fixed);
  const double tolerance = allowed(found);
  const bool same = found.relative() <= tolerance;
  bool reordered = false;
  if (!same && first.network->returns_stream()) {
    const Difference free = compare(Frame::free);
    reordered = free.relative() <= allowed(free);
  }
  const std::string where = fmt::format("{}, sequence {}, position {}, output {}", found.output,
                                        found.sequence, found.position, found.unit);
  report(fmt::format(
             "{}: {} over {} sequences, {} tokens, in float64\n"
             "largest difference {:.3e} ({}), largest output {:.3e}, relative {:.3e}, "
             "tolerance {:.1e}\n{}",
             same ? "SAME FUNCTION" : "DIFFERENT FUNCTIONS", found.compared, found.sequences,
             found.tokens, found.largest, where, found.scale, found.relative(), tolerance,
             reordered ? "Inner products of their outputs are the same: embeddings come in another "
                         "order or basis.\n"
                       : ""),
         {{"same", same},
          {"same_in_another_order", reordered},
          {"compared", found.compared},
          {"largest_difference", found.largest},
          {"largest_output", found.scale},
          {"relative", found.relative()},
          {"tolerance", tolerance},
          {"sequence", found.sequence},
          {"position", found.position},
          {"outputs", found.output},
          {"output", found.unit},
          {"tokens", found.tokens}},
         options.json);
  return same ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  CLI::App& command = *app.add_subcommand(
      "verify",
      "Do two checkpoints compute the same function? Exit status 0 yes, 1 no.\n\n"
      "  braid verify B B-aligned\n"
      "  braid verify B B-aligned --text TEXT --tolerance 1e-9\n\n"
      "Where the architecture is a table, by outputs that you compute, or by the tensors alone:\n\n"
      "  braid verify A --table FAMILY.yaml --callable model.py:outputs      is the table right?\n"
      "  braid verify B B-aligned --table FAMILY.yaml --callable model.py:outputs\n"
      "  braid verify B B-aligned --outputs B-outputs.safetensors B-aligned-outputs.safetensors\n"
      "  braid verify B B-aligned --table FAMILY.yaml --alignment AB.alignment");
  add_command(command, std::make_shared<Options>(),
              [&status](const Options& options) { status = run(options); });
  command.get_option("--outputs")->expected(2);
}

}  // namespace braid
