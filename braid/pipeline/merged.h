// Merged: the results of a merge, as text, as a model card and as JSON.
#pragma once

#include "braid/alignment/alignment.h"
#include "braid/connectivity/verify.h"
#include "braid/merging/simplex.h"
#include "braid/tasks/evaluate.h"
#include "braid/training/heal.h"

namespace braid {

struct Parent {
  std::string path;
  double weight = 0;
  std::int64_t lacking = 0;            // tokens of the merged model without rows here
  std::optional<Alignment> alignment;  // into the merged frame; absent if it does not move
  std::optional<Difference> proof;     // of the aligned parent against the parent
  bool by_table = false;               // aligned by a table from a file, without a forward pass
};

// Score at one stage of the merge.
struct StageScore {
  std::string key, title;  // a, b, ..., plain, aligned, repaired, healed
  Score score;
};

struct Merged {
  std::vector<Parent> parents;
  std::string measured_on, measure;  // file and name of the measure; empty if not measured
  std::vector<std::string> fitted;   // steps that used that file too: "aligned", "healed", ...
  std::vector<StageScore> scores;    // parents first; the last is the written model
  std::vector<SimplexPath> simplex;
  std::optional<Healed> healed;

  bool aligned() const;
  const Score* score(const std::string& key) const;  // null if not measured
  double parents_loss() const;                       // mean over parents. REQUIRES scores
};

// JSON key of the k-th parent: a, b, ..., z, m27, ...
std::string parent_key(std::size_t k);
// The same in tables: A, B, ...
std::string parent_title(std::string key);

// The title, with the number of tokens taken from other models.
std::string title_of(const Parent& parent, std::size_t k);

// Proof, losses and verdict as text.
std::string describe(const Merged& merged);

// Text of the merged checkpoint's model card. `made_by`: the command or call that made it.
std::string card_text(const Merged& merged, const std::string& made_by);

nlohmann::json to_json(const Merged& merged);

}  // namespace braid
