#include "cli/options.h"

#include <thread>

#include "braid/error.h"

namespace braid {
namespace {

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
      .add_option("--task", task,
                  "What is measured: mlm (masked tokens), clm (next tokens) or a GLUE task")
      ->check(CLI::IsMember(task_names({"mlm", "clm"})))
      ->capture_default_str();
  command.add_option("--data", data, "The GLUE task's tab-separated file, such as dev.tsv");
  command.add_option("--max-length", max_length, "Tokens of a GLUE example")
      ->check(CLI::Range(3, 1 << 20))
      ->capture_default_str();
  command.add_option("--text", text, "Text file, cut into blocks; for mlm masked from the seed");
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

void AlignOptions::add_to(CLI::App& command) {
  command.add_option("--text", text, "What is aligned on: a sequence a line");
  command.add_option("--task", task, "Instead of --text: a GLUE task, whose --data is aligned on")
      ->check(CLI::IsMember(task_names({})));
  command.add_option("--data", data, "The task's tab-separated file, such as train.tsv");
  command.add_option("--batches", batches,
                     "Instead of --text: safetensors file of input_ids and labels (N, T) int64");
  command
      .add_option("--preset", preset,
                  "paper: ffn,attention with permuted heads and shared qk. best: the exact "
                  "combination that measured best so far: ffn,attention,residual (and head, pooler "
                  "where free), permuted heads, separate qk, residual from the embeddings")
      ->check(CLI::IsMember(choices("preset")))
      ->capture_default_str();
  command.add_option("--components", components,
                     "Which axes move: ffn,attention,residual,head,pooler");
  command
      .add_option(
          "--heads", heads,
          "permute; monotonic: head j stays j; ignore: one flat permutation, NOT a symmetry")
      ->check(CLI::IsMember(choices("heads")));
  command
      .add_option("--qk", query_key,
                  "shared: q and k follow the context features; separate: their own")
      ->check(CLI::IsMember(choices("qk")));
  command
      .add_option(
          "--residual", residual,
          "Where the residual stream is read; separate: one permutation a norm, NOT a symmetry")
      ->check(CLI::IsMember(choices("residual")));
  command
      .add_option("--method", method,
                  "activations: correlations on text (the paper's). weights: no text. both: the "
                  "sum of the two. learned: optimised on text for a low loss mid-path")
      ->check(CLI::IsMember(choices("method")))
      ->capture_default_str();
  command
      .add_option("--in-head", in_head,
                  "How the units inside a head move: permutation, or any orthogonal or general "
                  "(invertible) map, which attention allows. With learned: how they start; all "
                  "invertible maps are learnt")
      ->check(CLI::IsMember(choices("in-head")));
  command
      .add_option("--start", start,
                  "What learning starts from: activations, weights, both, or an alignment file")
      ->capture_default_str();
  command
      .add_option("--learn", learning.parts,
                  "What learning may move: ffn,heads,in-head,residual,head,pooler,shifts")
      ->default_str("ffn,in-head,shifts, and residual where it is not a permutation");
  command
      .add_option_function<std::string>(
          "--move", [this](const std::string& who) { learning.options.move_both = who == "both"; },
          "Which models move while learning; B takes all of it in the end")
      ->check(CLI::IsMember({"b", "both"}))
      ->default_str("b");
  command.add_option("--steps", learning.options.steps, "Of learning")->capture_default_str();
  command
      .add_option("--learning-rate", learning.options.latents.learning_rate,
                  "Of learning: Adam on in-head maps; permutations a tenth, shifts 2.5 times")
      ->capture_default_str();
  command.add_option("--learn-block", learning.block, "Tokens a sequence of learning, on --text")
      ->capture_default_str();
  command.add_option("--learn-batch", learning.masking.batch_size, "Sequences a step of learning")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--learn-mask", learning.masking.mask_probability,
                  "Of each ordinary token, on --text")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--starts", weights.starts, "Orders that weight matching starts in")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--seed", seed, "Of all that is drawn: learning, orders, masking")
      ->capture_default_str();
  command.add_flag("--canonicalise", canonicalise,
                   "Bring both models to canonical form first (see braid canonicalise): the same "
                   "functions, more symmetry");
  command.add_option("--correlation", correlation, "signed, or absolute")
      ->check(CLI::IsMember(choices("correlation")))
      ->capture_default_str();
  command.add_option("--special-tokens", special_tokens, "Count [CLS] and [SEP]?")
      ->check(CLI::IsMember(choices("special-tokens")))
      ->capture_default_str();
  command.add_option("--pool", pool, "A feature per token, or per line")
      ->check(CLI::IsMember(choices("pool")))
      ->capture_default_str();
  command.add_option("--max-length", max_length, "Tokens of a line, at most the model's positions")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_flag("--blocks", blocks,
                   "Read --text as it stands in blocks of --max-length tokens rather than line by "
                   "line; for GPT-2");
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
  const int given = !text.empty() + !task.empty() + !batches.empty();
  require(given <= 1, "give one of --text, --batches, and --task with --data");
  return task.empty() ? nullptr : &find_task(task);
}

LearnRequest AlignOptions::learn_request() const {
  LearnRequest request = learning;
  request.text = text;
  request.batches = batches;
  request.options.seed = seed;
  return request;
}

}  // namespace braid
