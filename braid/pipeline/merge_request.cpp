#include "braid/pipeline/merge_request.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "braid/models/merged_vocabulary.h"

namespace braid {

OptionList options_of_merging(MergeRequest& r) {
  OptionList list;
  list.add("weights", r.weights,
           "Relative weights of the checkpoints in the average, such as 1,1,2")
      .from(0);
  list.add("t", r.t, "Point between two checkpoints: 0 = A, 1 = aligned B")
      .from(0)
      .to(1)
      .otherwise("0.5");
  list.add("alignment", r.alignment, "Alignment file from braid align, instead of aligning")
      .as(Use::input);
  list.add("no-align", r.no_align, "Average without aligning");
  list.add("vocabulary", r.vocabulary,
           "Tokens of the result if the checkpoints' tokens differ: union, or those of a, b, ...; "
           "shared tokens are averaged, others taken from the checkpoints that have them")
      .plain();
  list.add("sweeps", r.sweeps,
           "For three or more checkpoints: times each is aligned to the mean of the others")
      .from(0);
  list.add("dev", r.dev,
           "Measure on this text (with task: data file) instead of the one aligned on")
      .as(Use::input);
  list.add("score-range", r.score_range,
           "Lowest and highest score in the measured data, such as 0,1; for stsb and sts")
      .otherwise("0,5");
  list.add("evaluate-lines", r.evaluate_lines, "Lines of text to measure losses on").from(1);
  list.add("simplex", r.simplex,
           "Points to measure between each pair of aligned parents, and from each to their mean; "
           "at least 3, 0 = none")
      .from(0)
      .to(1000);
  list.add("repair", r.repairing.kind,
           Choices<Repair>{{"none", Repair::none},
                           {"rescale", Repair::rescale},
                           {"least-squares", Repair::least_squares}},
           "After averaging, refit the weights that read each layer's units, on text: rescale (to "
           "the parents' means and standard deviations) or least-squares (to the parents' mean "
           "outputs)");
  list.add("repair-lines", r.repair_lines, "Lines of text that repair reads").from(1);
  list.add("repair-ridge", r.repairing.ridge,
           "Ridge penalty that keeps least-squares near the average")
      .from(0);
  list.add("heal", r.healing.steps,
           "Steps of further training of the merged model, on text (see learn-batch, learn-block, "
           "learn-mask), measured on dev")
      .from(0);
  list.add("heal-learning-rate", r.healing.learning_rate, "Peak learning rate of heal")
      .from(0)
      .to(most_factor);
  list.add("save-alignments", r.save_alignments,
           "Save the parents' alignments to the merged frame in this folder")
      .writing(Place::folder, {"*.alignment"});
  list.add("overwrite", r.overwrite, "Replace the output folder if it is a checkpoint")
      .as(Use::output);
  list.add_bytes("shard-size", r.shard_size,
                 "Maximum size of a weights file, such as 5GB; 0 = A's sharding")
      .as(Use::output);
  return list;
}

OptionList folders_of(MergeRequest& r) {
  OptionList list;
  list.add("CKPT", r.models, "Checkpoint folders, A, B, ...").as(Use::input).needed();
  list.add("out", r.out, "Checkpoint folder to write")
      .needed()
      .writing(Place::checkpoint)
      .keeping({"learning", "heal"});
  return list;
}

OptionList options_of(MergeRequest& request) {
  OptionList list = options_of_merging(request);
  list.append(options_of(request.align));
  return list;
}

std::vector<double> MergeRequest::shares() const {
  const std::size_t count = models.size();
  require(count >= 2, "expected at least two checkpoints, found {}", count);
  require(!t || (count == 2 && weights.empty()),
          "`t` takes exactly two checkpoints and excludes `weights`");
  if (count == 2 && weights.empty()) {
    const double of_b = t.value_or(0.5);
    return {1 - of_b, of_b};
  }
  std::vector<double> normalised = weights;
  if (normalised.empty()) normalised.assign(count, 1);
  require(normalised.size() == count, "`weights` has {} numbers for {} checkpoints",
          normalised.size(), count);
  require(std::all_of(normalised.begin(), normalised.end(), [](double w) { return w > 0; }),
          "`weights` is {}, expected numbers above 0", fmt::join(normalised, ", "));
  const double sum = std::accumulate(normalised.begin(), normalised.end(), 0.0);
  require(std::isfinite(sum), "`weights` is {}, whose sum is out of range",
          fmt::join(normalised, ", "));
  for (double& weight : normalised) weight /= sum;
  return normalised;
}

void MergeRequest::check() const {
  const bool several = models.size() > 2;
  align.check();
  require(!no_align || alignment.empty(), "`no-align` and `alignment` exclude each other");
  if (no_align) align.require_no_method("no-align");
  if (!align.table.empty()) {
    const bool passes = align.has_text() || !dev.empty() || repairing.kind != Repair::none ||
                        healing.steps > 0 || simplex > 0 || !vocabulary.empty();
    require(
        !passes,
        "a model described by a `table` has no forward pass, so braid cannot measure, repair or "
        "heal it; merge by `method` weights or `features`, and measure the result yourself");
  }
  if (!vocabulary.empty()) {
    vocabulary_base(vocabulary, models.size());
    require(align.batches.empty(),
            "`batches` holds token ids of one vocabulary; with `vocabulary`, give `text` instead");
  }
  if (!alignment.empty()) align.require_no_method("alignment");
  require(!several || alignment.empty(), "`alignment` aligns two checkpoints, found {}",
          models.size());
  require(!several || !align.learns() || no_align,
          "`method` learned aligns two checkpoints, found {}; use weights, activations or both",
          models.size());
  require(!several || !align.has_features(), "`features` describes two checkpoints, found {}",
          models.size());
  require(!several || (align.from_moments.empty() && align.moments.empty()),
          "`moments` describe two checkpoints, found {}", models.size());
  require(simplex == 0 || simplex >= 3, "`simplex` is {}, expected at least 3 points", simplex);
  require(repairing.kind == Repair::none || !align.text_file().empty(),
          "`repair` reads `text` FILE, or `task` and `data`");
  if (healing.steps > 0) {
    require(align.task.empty(), "`heal` trains language models; see braid finetune");
    require(align.has_text(), "`heal` trains on `text` FILE or `batches` FILE");
    require(!dev.empty(), "`heal` is measured on a different text; give `dev` FILE");
  }
  if (!no_align && alignment.empty()) align.require_text();
}

}  // namespace braid
