// MergeRequest: one model out of several, asked for.
#pragma once

#include "braid/checkpoint/atomic_file.h"
#include "braid/merging/repair.h"
#include "braid/pipeline/align_request.h"
#include "braid/training/heal.h"

namespace braid {

struct MergeRequest {
  std::vector<std::string> models;  // folders, A, B, ...
  std::vector<double> weights;      // shares; empty: equal
  std::optional<double> t;          // of two: 0 = A, 1 = B'
  std::string alignment;            // file; empty: align as `align` says
  bool no_align = false;
  std::string vocabulary;  // union, a, b, ...: of models whose tokens differ; empty: they don't
  AlignRequest align;
  std::int64_t sweeps = 2;  // of more than two: how often each is aligned to the others' mean

  std::string dev;                  // measured on; empty: what is aligned on
  std::vector<double> score_range;  // of scores that are measured on; empty: the task's
  std::int64_t evaluate_lines = 1000, simplex = 0;
  RepairOptions repairing;
  std::int64_t repair_lines = 256;
  HealOptions healing;

  std::string out, save_alignments;  // folders
  bool overwrite = false;
  std::int64_t shard_size = 0;  // bytes; 0 = A's sharding
  std::string made_by;          // the command or call, for the model card

  // Error where options do not go together.
  void check() const;
  // Of each model; they sum to 1. Error where weights or t do not fit the models.
  std::vector<double> shares() const;
  // Where a long stage, learning or heal, keeps what it has done.
  std::filesystem::path state(const std::string& stage) const { return state_beside(out, stage); }
  const std::string& measured_file() const { return dev.empty() ? align.text_file() : dev; }
};

// The models and where the result goes: no options, but files that are read and written.
OptionList folders_of(MergeRequest& request);

// With those of `align`, and without.
OptionList options_of(MergeRequest& request);
OptionList options_of_merging(MergeRequest& request);

}  // namespace braid
