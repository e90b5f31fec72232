// MergeRequest: a merge of several models into one.
#pragma once

#include "braid/checkpoint/atomic_file.h"
#include "braid/merging/repair.h"
#include "braid/pipeline/align_request.h"
#include "braid/training/heal.h"

namespace braid {

struct MergeRequest {
  std::vector<std::string> models;  // folders, A, B, ...
  std::vector<double> weights;      // shares; empty: equal
  std::optional<double> t;          // for two models: 0 = A, 1 = B'
  std::string alignment;            // file; empty: align according to `align`
  bool no_align = false;
  std::string vocabulary;  // union, a, b, ...: the result's tokens; empty: all have the same
  AlignRequest align;
  std::int64_t sweeps = 2;  // for more than two: times each is aligned to the others' mean

  std::string dev;                  // file to measure on; empty: the one aligned on
  std::vector<double> score_range;  // of the measured data; empty: the task's
  std::int64_t evaluate_lines = 1000, simplex = 0;
  RepairOptions repairing;
  std::int64_t repair_lines = 256;
  HealOptions healing;

  std::string out, save_alignments;  // folders
  bool overwrite = false;
  std::int64_t shard_size = 0;  // bytes; 0 = A's sharding
  std::string made_by;          // the command or call, for the model card

  // Throws if options contradict each other.
  void check() const;
  // One per model, with sum 1. Throws if weights or t do not fit the models.
  std::vector<double> shares() const;
  // File in which the stage "learning" or "heal" keeps its state.
  std::filesystem::path state(const std::string& stage) const { return state_beside(out, stage); }
  const std::string& measured_file() const { return dev.empty() ? align.text_file() : dev; }
};

// The models and the output folder.
OptionList folders_of(MergeRequest& request);

// All options, with those of `align` and without.
OptionList options_of(MergeRequest& request);
OptionList options_of_merging(MergeRequest& request);

}  // namespace braid
