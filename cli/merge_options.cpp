#include "cli/merge_options.h"

#include <numeric>

#include "braid/error.h"
#include "cli/align_models.h"

namespace braid {

std::vector<double> MergeOptions::shares() const {
  const std::size_t count = models.size();
  require(count >= 2, "{} checkpoint was given, expected at least two", count);
  require(!t || (count == 2 && weights.empty()),
          "--t is between two checkpoints; weigh several with --weights");
  if (count == 2 && weights.empty()) {
    const double of_b = t.value_or(0.5);
    return {1 - of_b, of_b};
  }
  std::vector<double> normalised = weights;
  if (normalised.empty()) normalised.assign(count, 1);
  require(normalised.size() == count, "--weights has {} numbers for {} checkpoints",
          normalised.size(), count);
  const double sum = std::accumulate(normalised.begin(), normalised.end(), 0.0);
  for (double& weight : normalised) weight /= sum;
  return normalised;
}

void MergeOptions::check() const {
  const bool several = models.size() > 2;
  require(!no_align || alignment.empty(), "--no-align and --alignment exclude each other");
  require(!several || alignment.empty(), "--alignment is of two checkpoints, {} were given",
          models.size());
  require(
      !several || align.method != "learned" || no_align,
      "--method learned aligns two checkpoints, {} were given; use weights, activations or both",
      models.size());
  require(!several || (align.from_moments.empty() && align.moments.empty()),
          "moments are of two checkpoints, {} were given", models.size());
  require(repair == "none" || !align.text_file().empty(),
          "--repair reads --text FILE, or --task and --data");
  if (healing.steps > 0) {
    require(align.task.empty(), "--heal trains language models; see braid finetune");
    require(align.has_text(), "--heal trains on --text FILE or --batches FILE");
    require(!dev.empty(), "--heal is measured on other text: give --dev FILE");
  }
  if (!no_align && alignment.empty()) require_text(align);
}

void MergeOptions::add_to(CLI::App& command) {
  command.add_option("CKPT", models, "Checkpoint folders, A, B, ...")->required()->expected(1, -1);
  command.add_option("--weights", weights, "Shares of the checkpoints, such as 1,1,2")
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  command.add_option("--dev", dev,
                     "Measure on this text (or, with --task, this file) instead of the one that is "
                     "aligned on");
  command.add_option("--alignment", alignment, "From braid align, instead of aligning");
  command.add_option("--save-alignments", save_alignments,
                     "Folder for the parents' alignments into the merged frame");
  command.add_flag("--no-align", no_align, "The plain average");
  command.add_option("--t", t, "Of two checkpoints: 0 = A, 1 = aligned B; default 0.5")
      ->check(CLI::Range(0.0, 1.0));
  command
      .add_option("--sweeps", sweeps,
                  "Of more than two checkpoints: how often each is aligned to the others' mean")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--simplex", simplex,
                  "Measure so many points between all pairs of aligned parents, and from each to "
                  "their mean")
      ->check(CLI::Range(3, 1000));
  command
      .add_option("--repair", repair,
                  "Fit on text, after averaging, what reads the units of each layer: rescale (the "
                  "parents' means and deviations) or least-squares (the parents' mean outputs)")
      ->check(CLI::IsMember({"none", "rescale", "least-squares"}))
      ->capture_default_str();
  command.add_option("--repair-lines", repair_lines, "Lines of text that repair reads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--repair-ridge", repairing.ridge,
                  "How strongly least squares holds on to the average")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--heal", healing.steps,
                  "Train on for so many steps from the merged model, on --text (--learn-batch, "
                  "--learn-block and --learn-mask say how), measured on --dev")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--heal-learning-rate", healing.learning_rate, "Peak")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("-o,--out", out, "Checkpoint folder to write")->required();
  command.add_flag("--overwrite", overwrite, "Replace OUT if it is a checkpoint");
  command
      .add_option("--shard-size", shard_size,
                  "Most bytes of a weights file, such as 5GB; default: A's sharding")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
  command
      .add_option("--evaluate-lines", evaluate_lines,
                  "Lines of the text that losses are measured on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  align.add_to(command);
  compute.add_to(command);
  command.add_option("--json", json, "Write the result as JSON; - = stdout");
}

}  // namespace braid
