// Merged: what merging found, for a person, for the model card and as JSON.
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
  std::int64_t lacking = 0;            // tokens of the merged model that it has no rows for
  std::optional<Alignment> alignment;  // into the merged model's frame; none: stays as it is
  std::optional<Difference> proof;     // that the aligned parent is the parent
  bool by_table = false;               // it has no forward pass: what it is aligned by is a table
};

// How the model did at one stage of the merge.
struct StageScore {
  std::string key, title;  // a, b, ..., plain, aligned, repaired, healed
  Score score;
};

struct Merged {
  std::vector<Parent> parents;
  std::string measured_on, measure;  // file, and what is measured; empty: nothing was
  std::vector<std::string> fitted;   // what was done on that file too: "aligned", "healed", ...
  std::vector<StageScore> scores;    // parents first; the last is what is written
  std::vector<SimplexPath> simplex;
  std::optional<Healed> healed;

  bool aligned() const;
  const Score* score(const std::string& key) const;  // null where not measured
  double parents_loss() const;                       // their mean. REQUIRES scores
};

// a, b, ..., z, m27, ...: the k-th parent in JSON.
std::string parent_key(std::size_t k);
// The same in tables: A, B, ...
std::string parent_title(std::string key);

// The same, with what it has of other models.
std::string title_of(const Parent& parent, std::size_t k);

// Proof, losses and what they say, as text.
std::string describe(const Merged& merged);

// The text of the merged checkpoint's card. `made_by`: the command or call that asked for it.
std::string card_text(const Merged& merged, const std::string& made_by);

nlohmann::json to_json(const Merged& merged);

}  // namespace braid
