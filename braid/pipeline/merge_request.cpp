#include "braid/pipeline/merge_request.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "braid/models/merged_vocabulary.h"

namespace braid {

OptionList options_of_merging(MergeRequest& r) {
  OptionList list;
  list.add("weights", r.weights, "Shares of the checkpoints, such as 1,1,2").from(0);
  list.add("t", r.t, "Of two checkpoints: 0 = A, 1 = aligned B").from(0).to(1).otherwise("0.5");
  list.add("alignment", r.alignment, "From braid align, instead of aligning").as(Use::input);
  list.add("no-align", r.no_align, "The plain average");
  list.add(
          "vocabulary", r.vocabulary,
          "Of checkpoints whose tokens differ, which the result has: union, or those of a, b, ...; "
          "shared ones are averaged, the others taken from the checkpoints that have them")
      .plain();
  list.add("sweeps", r.sweeps,
           "Of more than two checkpoints: how often each is aligned to the others' mean")
      .from(0);
  list.add("dev", r.dev,
           "Measure on this text (or, with task, this file) instead of the one that is aligned on")
      .as(Use::input);
  list.add("score-range", r.score_range,
           "The lowest and the highest score that is measured on, such as 0,1: of stsb and sts")
      .otherwise("0,5");
  list.add("evaluate-lines", r.evaluate_lines, "Lines of the text that losses are measured on")
      .from(1);
  list.add("simplex", r.simplex,
           "Measure so many points between all pairs of aligned parents, and from each to their "
           "mean; 3 at least, 0 = none")
      .from(0)
      .to(1000);
  list.add("repair", r.repairing.kind,
           Choices<Repair>{{"none", Repair::none},
                           {"rescale", Repair::rescale},
                           {"least-squares", Repair::least_squares}},
           "Fit on text, after averaging, what reads the units of each layer: rescale (the "
           "parents' means and deviations) or least-squares (the parents' mean outputs)");
  list.add("repair-lines", r.repair_lines, "Lines of text that repair reads").from(1);
  list.add("repair-ridge", r.repairing.ridge, "How strongly least squares holds on to the average")
      .from(0);
  list.add("heal", r.healing.steps,
           "Train on for so many steps from the merged model, on text (learn-batch, learn-block "
           "and learn-mask say how), measured on dev")
      .from(0);
  list.add("heal-learning-rate", r.healing.learning_rate, "Peak").from(0).to(most_factor);
  list.add("save-alignments", r.save_alignments,
           "Folder for the parents' alignments into the merged frame")
      .writing(Place::folder, {"*.alignment"});
  list.add("overwrite", r.overwrite, "Replace the folder to write if it is a checkpoint")
      .as(Use::output);
  list.add_bytes("shard-size", r.shard_size, "Most bytes of a weights file, such as 5GB; 0 = A's")
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
  require(count >= 2, "{} checkpoint was given, expected at least two", count);
  require(!t || (count == 2 && weights.empty()),
          "`t` is between two checkpoints; weigh several with `weights`");
  if (count == 2 && weights.empty()) {
    const double of_b = t.value_or(0.5);
    return {1 - of_b, of_b};
  }
  std::vector<double> normalised = weights;
  if (normalised.empty()) normalised.assign(count, 1);
  require(normalised.size() == count, "`weights` has {} numbers for {} checkpoints",
          normalised.size(), count);
  require(std::all_of(normalised.begin(), normalised.end(), [](double w) { return w > 0; }),
          "`weights` are {}, expected numbers above 0", fmt::join(normalised, ", "));
  const double sum = std::accumulate(normalised.begin(), normalised.end(), 0.0);
  require(std::isfinite(sum), "`weights` are {}, whose sum is too large for a number",
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
        "what a `table` describes has no forward pass: there is nothing to measure, repair or "
        "heal by; merge by `method` weights or `features`, and measure what is written yourself");
  }
  if (!vocabulary.empty()) {
    vocabulary_base(vocabulary, models.size());
    require(align.batches.empty(),
            "`batches` are token ids of one vocabulary; with `vocabulary`, give `text`");
  }
  if (!alignment.empty()) align.require_no_method("alignment");
  require(!several || alignment.empty(), "`alignment` is of two checkpoints, {} were given",
          models.size());
  require(!several || !align.learns() || no_align,
          "`method` learned aligns two checkpoints, {} were given; use weights, activations or "
          "both",
          models.size());
  require(!several || !align.has_features(), "`features` are of two checkpoints, {} were given",
          models.size());
  require(!several || (align.from_moments.empty() && align.moments.empty()),
          "moments are of two checkpoints, {} were given", models.size());
  require(simplex == 0 || simplex >= 3, "`simplex` is {}, expected 3 points at least", simplex);
  require(repairing.kind == Repair::none || !align.text_file().empty(),
          "`repair` reads `text` FILE, or `task` and `data`");
  if (healing.steps > 0) {
    require(align.task.empty(), "`heal` trains language models; see braid finetune");
    require(align.has_text(), "`heal` trains on `text` FILE or `batches` FILE");
    require(!dev.empty(), "`heal` is measured on other text: give `dev` FILE");
  }
  if (!no_align && alignment.empty()) align.require_text();
}

}  // namespace braid
