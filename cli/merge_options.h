// What braid merge is asked for.
#pragma once

#include "braid/merging/repair.h"
#include "braid/training/heal.h"
#include "cli/options.h"

namespace braid {

struct MergeOptions {
  std::vector<std::string> models;
  std::vector<double> weights;
  std::string alignment, save_alignments, dev, repair = "none", out, json, command_line;
  bool no_align = false, overwrite = false;
  std::optional<double> t;
  std::int64_t sweeps = 2, simplex = 0, shard_size = 0, evaluate_lines = 1000, repair_lines = 256;
  RepairOptions repairing;
  HealOptions healing;
  AlignOptions align;
  ComputeOptions compute;

  void add_to(CLI::App& command);
  // Error where options do not go together.
  void check() const;
  // Of each checkpoint; they sum to 1. Error where --weights or --t do not fit the checkpoints.
  std::vector<double> shares() const;
  // Where a long stage, learning or heal, keeps what it has done.
  std::filesystem::path state(const std::string& stage) const {
    return out + "." + stage + ".safetensors";
  }
  // What is measured on: --dev, else what is aligned on.
  const std::string& measured_file() const { return dev.empty() ? align.text_file() : dev; }
};

}  // namespace braid
