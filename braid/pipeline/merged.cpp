#include "braid/pipeline/merged.h"

#include <algorithm>
#include <cctype>

#include "braid/error.h"
#include "braid/models/model_card.h"
#include "braid/table.h"

namespace braid {
namespace {

// The parent whose proof is the weakest.
const Difference* weakest_proof(const Merged& merged) {
  const Difference* weakest = nullptr;
  for (const Parent& parent : merged.parents) {
    const bool weaker =
        parent.proof && (!weakest || parent.proof->relative() > weakest->relative());
    if (weaker) weakest = &*parent.proof;
  }
  return weakest;
}

std::string proof_text(const Merged& merged) {
  for (const Parent& parent : merged.parents) {
    if (parent.alignment && !parent.alignment->broken.empty()) {
      return "NOT a symmetry: " + parent.alignment->broken;
    }
  }
  const Difference* proof = weakest_proof(merged);
  const bool by_table =
      std::any_of(merged.parents.begin(), merged.parents.end(),
                  [](const Parent& parent) { return parent.alignment && parent.by_table; });
  if (by_table) {
    return fmt::format(
        "{} moved by an element of the table's groups: the same function if the table is right, "
        "which was not tested, since it gives no forward pass",
        merged.parents.size() == 2 ? "B' is B" : "Every aligned parent is the parent");
  }
  if (!proof) return "no alignment";
  return fmt::format(
      "{}{}: {} differ by at most {:.1e} (relative {:.1e}) over {} tokens, in float64",
      merged.parents.size() == 2 ? "B' is B" : "Every aligned parent is the parent",
      proof->frame == Frame::free ? ", its embeddings in another order" : "", proof->compared,
      proof->largest, proof->relative(), proof->tokens);
}

std::string loss_table(const Merged& merged) {
  std::vector<std::vector<std::string>> rows = {{"model", "loss"}};
  for (const auto& [name, value] : merged.scores.front().score.metrics) {
    rows.front().push_back(name);
  }
  for (const StageScore& stage : merged.scores) {
    rows.push_back({stage.title, fmt::format("{:.4f}", stage.score.loss)});
    for (const auto& [name, value] : stage.score.metrics) {
      rows.back().push_back(fmt::format("{:.4f}", value));
    }
  }
  return format_table(rows);
}

std::string simplex_table(const Merged& merged) {
  if (merged.simplex.empty()) return "";
  std::vector<std::vector<std::string>> rows = {{"path", "highest loss", "barrier"}};
  for (const SimplexPath& path : merged.simplex) {
    rows.push_back(
        {parent_title(parent_key(path.from)) + " - " +
             (path.to == merged.parents.size() ? "centroid" : parent_title(parent_key(path.to))),
         fmt::format("{:.4f}", *std::max_element(path.loss.begin(), path.loss.end())),
         fmt::format("{:.4f}", path.barrier())});
  }
  return "\n" + format_table(rows);
}

std::string verdict(const Merged& merged) {
  double better = merged.scores.front().score.loss;
  for (std::size_t k = 1; k < merged.parents.size(); ++k) {
    better = std::min(better, merged.scores[k].score.loss);
  }
  const bool two = merged.parents.size() == 2;
  const double loss = merged.scores.back().score.loss, plain = merged.score("plain")->loss;
  std::string text =
      loss <= better
          ? fmt::format("The merged model is better than {} on this text.",
                        two ? "both parents" : "all parents")
          : fmt::format("The merged model's loss is {:.3f} above the {} parent's on this text.",
                        loss - better, two ? "better" : "best");
  const auto against_plain = [&](const char* step, double value) {
    text += fmt::format(" {} {} the plain average by {:.3f}.", step,
                        value <= plain ? "improves on" : "is worse than", std::abs(plain - value));
  };
  if (const Score* aligned = merged.score("aligned")) against_plain("Alignment", aligned->loss);
  if (const Score* repaired = merged.score("repaired")) {
    against_plain(merged.aligned() ? "With repair it" : "Repair", repaired->loss);
  }
  if (merged.healed) {
    const auto tokens = merged.healed->tokens_until(merged.parents_loss());
    text += tokens
                ? fmt::format(" Healing reached the parents' mean loss, {:.3f}, after {} tokens.",
                              merged.parents_loss(), grouped(*tokens))
                : fmt::format(
                      " Healing did not reach the parents' mean loss, {:.3f}, in {} "
                      "tokens.",
                      merged.parents_loss(), grouped(merged.healed->points.back().tokens));
  }
  if (!merged.fitted.empty()) {
    text += fmt::format(
        " The models were {} on this same text, so the loss on another may be higher; pass one as "
        "`dev`.",
        fmt::join(merged.fitted, ", "));
  }
  return text;
}

}  // namespace

bool Merged::aligned() const {
  return std::any_of(parents.begin(), parents.end(),
                     [](const Parent& parent) { return parent.alignment.has_value(); });
}

const Score* Merged::score(const std::string& key) const {
  for (const StageScore& stage : scores) {
    if (stage.key == key) return &stage.score;
  }
  return nullptr;
}

double Merged::parents_loss() const {
  double sum = 0;
  for (std::size_t k = 0; k < parents.size(); ++k) sum += scores.at(k).score.loss;
  return sum / static_cast<double>(parents.size());
}

std::string parent_key(std::size_t k) {
  return k < 26 ? std::string(1, static_cast<char>('a' + k)) : fmt::format("m{}", k + 1);
}

std::string parent_title(std::string key) {
  for (char& letter : key) letter = static_cast<char>(std::toupper(letter));
  return key;
}

std::string title_of(const Parent& parent, std::size_t k) {
  const std::string title = parent_title(parent_key(k));
  if (parent.lacking == 0) return title;
  return fmt::format("{} and {} tokens of others", title, grouped(parent.lacking));
}

std::string describe(const Merged& merged) {
  std::string text = proof_text(merged) + "\n";
  if (!merged.scores.empty()) {
    text += loss_table(merged) + simplex_table(merged) + verdict(merged) + "\n";
  }
  return text;
}

std::string card_text(const Merged& merged, const std::string& made_by) {
  std::vector<std::string> parents;
  for (const Parent& parent : merged.parents) {
    parents.push_back(fmt::format("`{}` (weight {:.4g})", parent.path, parent.weight));
  }
  std::string text =
      written_by("A merged model", made_by,
                 fmt::format("Parents: {}. {}.", fmt::join(parents, ", "), proof_text(merged)));
  if (!merged.scores.empty()) {
    text += fmt::format("\n{} on `{}` ({} scored):\n\n```\n{}{}```\n\n{}\n", merged.measure,
                        merged.measured_on, grouped(merged.scores.front().score.scored),
                        loss_table(merged), simplex_table(merged), verdict(merged));
  }
  return text;
}

nlohmann::json to_json(const Merged& merged) {
  nlohmann::json json = {{"aligned", merged.aligned()}, {"parents", nlohmann::json::array()}};
  for (std::size_t k = 0; k < merged.parents.size(); ++k) {
    const Parent& parent = merged.parents[k];
    json["parents"].push_back(
        {{"path", parent.path}, {"weight", parent.weight}, {"tokens_of_others", parent.lacking}});
    json[parent_key(k)] = parent.path;
    if (parent.alignment) json["options"] = parent.alignment->options;
  }
  if (merged.parents.size() == 2) json["t"] = merged.parents[1].weight;
  if (const Difference* proof = weakest_proof(merged)) {
    json["proof"] = {{"largest_difference", proof->largest},
                     {"relative", proof->relative()},
                     {"tokens", proof->tokens}};
  }
  const auto add = [&](const std::string& key, const Score& score) {
    json["loss"][key] = score.loss;
    json["metrics"][key] = score.metrics;
  };
  for (const StageScore& stage : merged.scores) add(stage.key, stage.score);
  if (!merged.scores.empty()) {
    add("merged", merged.scores.back().score);
    json["measured_on"] = {{"path", merged.measured_on}, {"fitted", merged.fitted}};
    json["scored"] = merged.scores.front().score.scored;
  }
  for (const SimplexPath& path : merged.simplex) {
    const bool centroid = path.to == merged.parents.size();
    json["simplex"].push_back({{"from", parent_key(path.from)},
                               {"to", centroid ? "centroid" : parent_key(path.to)},
                               {"loss", path.loss},
                               {"barrier", path.barrier()}});
  }
  if (merged.healed) {
    const auto tokens = merged.healed->tokens_until(merged.parents_loss());
    nlohmann::json& healed = json["healed"];
    healed["parents_loss"] = merged.parents_loss();
    healed["tokens_to_parents_loss"] = tokens ? nlohmann::json(*tokens) : nlohmann::json();
    healed["best_step"] = merged.healed->best_step;
    for (const DevPoint& point : merged.healed->points) {
      healed["curve"].push_back(
          {{"step", point.step}, {"tokens", point.tokens}, {"loss", point.score.loss}});
    }
  }
  return json;
}

}  // namespace braid
