#include "cli/options.h"

#include <sstream>
#include <thread>

#include "braid/error.h"
#include "braid/text/lines.h"

namespace braid {
namespace {

std::set<std::string> split_components(const std::string& text) {
  static const std::set<std::string> known = {"ffn", "attention", "residual", "head", "pooler"};
  std::set<std::string> components;
  std::stringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) {
    require(known.contains(name), "--components: '{}' is not one of {}", name,
            fmt::join(known, ", "));
    components.insert(name);
  }
  require(!components.empty(), "--components names nothing");
  return components;
}

std::vector<std::string> task_names(std::vector<std::string> names) {
  for (const Task& task : glue_tasks()) names.push_back(task.name);
  return names;
}

}  // namespace

void ComputeOptions::add_to(CLI::App& command) {
  command.add_option("--precision", precision, "Of the forward passes; sums are always float64")
      ->check(CLI::IsMember({"float32", "bfloat16", "float64"}))
      ->capture_default_str();
  command.add_option("--device", device, "Where to compute")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command.add_option("--threads", threads, "0 = one a core; results do not depend on it")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

at::ScalarType ComputeOptions::dtype() const {
  require(device == "cpu", "--device {}: braid 0.1 computes on the CPU only", device);
  return precision == "float64"    ? at::kDouble
         : precision == "bfloat16" ? at::kBFloat16
                                   : at::kFloat;
}

int ComputeOptions::thread_count() const {
  return threads > 0 ? threads
                     : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

void EvaluateOptions::add_to(CLI::App& command) {
  command
      .add_option("--task", task, "What is measured: mlm (masked language model) or a GLUE task")
      ->check(CLI::IsMember(task_names({"mlm"})))
      ->capture_default_str();
  command.add_option("--data", data, "The GLUE task's tab-separated file, such as dev.tsv");
  command.add_option("--max-length", max_length, "Tokens of a GLUE example")
      ->check(CLI::Range(3, 1 << 20))
      ->capture_default_str();
  command.add_option("--text", text, "Text file, cut into blocks and masked from the seed");
  command.add_option("--batches", batches,
                     "safetensors file of input_ids and labels (N, T) int64, -100 = not scored");
  command
      .add_option("--block", masking.block,
                  "Tokens a sequence, with [CLS] and [SEP]; at most the model's positions")
      ->capture_default_str();
  command.add_option("--mask-probability", masking.probability, "Of each ordinary token")
      ->capture_default_str();
  command.add_option("--seed", masking.seed, "Of the masking")->capture_default_str();
  command.add_flag("--character-spaced", masking.character_spaced,
                   "Every character a word, as the paper's code reads its text");
  command.add_option("--evaluate-lines", lines, "Only the first N lines; 0 = all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

ScoredText EvaluateOptions::load(const Model& model) const {
  ScoredText loaded;
  if (task != "mlm") {
    require(!data.empty() && text.empty() && batches.empty(),
            "--task {} is measured on --data FILE.tsv", task);
    const Task& glue = find_task(task);
    loaded = encode(glue, read_labelled_lines(glue, data, lines),
                    WordPiece::from_folder(model.folder),
                    std::min(max_length, model.network->max_positions()));
    check_text(model, loaded);
    return loaded;
  }
  require(data.empty(), "--data is for GLUE tasks; name one with --task");
  require(text.empty() != batches.empty(), "give either --text FILE or --batches FILE.safetensors");
  if (!batches.empty()) {
    loaded = load_masked_text(batches, masking.batch_size);
  } else {
    MaskingOptions options = masking;
    options.block = std::min(options.block, model.network->max_positions());
    loaded =
        mask_text(read_lines(text, lines), WordPiece::from_folder(model.folder), options, text);
  }
  check_text(model, loaded);
  return loaded;
}

nlohmann::json EvaluateOptions::provenance() const {
  if (task != "mlm") {
    return {{"task", task}, {"data", data}, {"max_length", max_length}, {"lines", lines}};
  }
  if (!batches.empty()) return {{"task", task}, {"batches", batches}};
  return {{"task", task},           {"text", text},
          {"block", masking.block}, {"mask_probability", masking.probability},
          {"seed", masking.seed},   {"character_spaced", masking.character_spaced},
          {"lines", lines}};
}

void AlignOptions::add_to(CLI::App& command) {
  command.add_option("--text", text, "What is aligned on: a sequence a line");
  command.add_option("--task", task, "Instead of --text: a GLUE task, whose --data is aligned on")
      ->check(CLI::IsMember(task_names({})));
  command.add_option("--data", data, "The task's tab-separated file, such as train.tsv");
  command
      .add_option("--preset", preset,
                  "paper: ffn,attention with permuted heads and shared qk. best: the exact "
                  "combination that measured best so far: ffn,attention,residual (and head, pooler "
                  "where free), permuted heads, separate qk, residual from the embeddings")
      ->check(CLI::IsMember({"paper", "best"}))
      ->capture_default_str();
  command.add_option("--components", components,
                     "Which axes move: ffn,attention,residual,head,pooler");
  command
      .add_option(
          "--heads", heads,
          "permute; monotonic: head j stays j; ignore: one flat permutation, NOT a symmetry")
      ->check(CLI::IsMember({"permute", "monotonic", "ignore"}));
  command
      .add_option("--qk", query_key,
                  "shared: q and k follow the context features; separate: their own")
      ->check(CLI::IsMember({"shared", "separate"}));
  command
      .add_option(
          "--residual", residual,
          "Where the residual stream is read; separate: one permutation a norm, NOT a symmetry")
      ->check(CLI::IsMember({"first", "last", "all", "separate"}));
  command.add_option("--correlation", correlation, "signed, or absolute")
      ->check(CLI::IsMember({"signed", "absolute"}))
      ->capture_default_str();
  command.add_option("--special-tokens", special_tokens, "Count [CLS] and [SEP]?")
      ->check(CLI::IsMember({"keep", "drop"}))
      ->capture_default_str();
  command.add_option("--pool", pool, "A feature per token, or per line")
      ->check(CLI::IsMember({"none", "cls", "max", "mean"}))
      ->capture_default_str();
  command.add_option("--max-length", max_length, "Tokens of a line, at most the model's positions")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--batch-size", batch_size, "Lines a forward pass; 0 = as many as fit its tokens")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--lines", lines, "Only the first N lines; 0 = all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

const Task* AlignOptions::text_task() const {
  require(task.empty() == data.empty(), "--task and --data go together");
  require(text.empty() || task.empty(), "give either --text or --task and --data");
  return task.empty() ? nullptr : &find_task(task);
}

MatchOptions AlignOptions::match_options(const Model& model) const {
  MatchOptions options;
  if (preset == "best") {
    options.components = {"ffn", "attention", "residual"};
    options.query_key = QueryKey::separate;
    for (const auto& [name, axis] : model.symmetries.axes)
      options.components.insert(axis.component);
  }
  if (!components.empty()) options.components = split_components(components);
  if (heads == "monotonic") options.heads = Heads::monotonic;
  if (heads == "ignore") options.heads = Heads::ignore;
  if (!query_key.empty()) {
    options.query_key = query_key == "shared" ? QueryKey::shared : QueryKey::separate;
  }
  // One flat permutation leaves nothing for queries and keys to choose.
  if (options.heads == Heads::ignore) options.query_key = QueryKey::shared;
  static const std::map<std::string, ResidualTaps> taps = {{"first", ResidualTaps::first},
                                                           {"last", ResidualTaps::last},
                                                           {"all", ResidualTaps::all},
                                                           {"separate", ResidualTaps::separate}};
  if (!residual.empty()) options.residual = taps.at(residual);
  options.absolute = correlation == "absolute";
  return options;
}

nlohmann::json AlignOptions::provenance(const MatchOptions& options) const {
  static constexpr std::array heads_names = {"permute", "monotonic", "ignore"};
  static constexpr std::array residual_names = {"first", "last", "all", "separate"};
  return {{"preset", preset},
          {"components", options.components},
          {"heads", heads_names[static_cast<std::size_t>(options.heads)]},
          {"qk", options.query_key == QueryKey::shared ? "shared" : "separate"},
          {"residual", residual_names[static_cast<std::size_t>(options.residual)]},
          {"correlation", correlation},
          {"special_tokens", special_tokens},
          {"pool", pool},
          {"max_length", max_length}};
}

}  // namespace braid
