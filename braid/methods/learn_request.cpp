#include "braid/methods/learn_request.h"

#include <sstream>

#include "braid/checkpoint/fingerprint.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/tasks/causal_text.h"
#include "braid/text/lines.h"
#include "braid/text/tokenizer.h"
#include "braid/text/wordpiece.h"

namespace braid {

std::set<std::string> LearnRequest::learnt_parts() const {
  if (parts.empty()) return options.latents.learn;
  static const std::set<std::string> known = {"ffn",  "heads",  "in-head", "residual",
                                              "head", "pooler", "shifts"};
  std::set<std::string> found;
  std::stringstream stream(parts);
  for (std::string name; std::getline(stream, name, ',');) {
    require(known.contains(name), "learn: '{}' is not one of {}", name, fmt::join(known, ", "));
    found.insert(name);
  }
  return found;
}

nlohmann::json LearnRequest::provenance() const {
  return {{"learn", learnt_parts()},
          {"both", options.move_both},
          {"steps", options.steps},
          {"learning_rate", options.latents.learning_rate},
          {"block", block},
          {"batch", masking.batch_size},
          {"mask", masking.mask_probability},
          {"seed", options.seed}};
}

StepSource LearnRequest::steps(const Model& model, nlohmann::json& identity) const {
  MaskedBatches batching = masking;
  batching.seed = options.seed;
  identity.update({{"batch", batching.batch_size},
                   {"mask", batching.mask_probability},
                   {"seed", options.seed}});
  const bool causal = model.network->is_causal();
  if (!batches.empty()) {
    const TokenText ready = load_token_text(batches, batching.batch_size, causal);
    for (const TokenBatch& batch : ready.batches) {
      check_tokens(*model.network, batch.batch.input_ids);
    }
    identity["text"] = fingerprint_text(MappedFile::open(batches)->bytes());
    return ready_steps(*model.network, ready, batching.batch_size, batching.seed);
  }
  const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(model.folder);
  const std::int64_t length = std::min(block, model.network->max_positions());
  const auto pieces = std::dynamic_pointer_cast<const WordPiece>(tokenizer);
  require(causal || pieces, "{}: masked text needs WordPiece, found {}", model.folder.string(),
          tokenizer->kind());
  auto blocks = causal
                    ? overlapping_blocks(tokenizer->encode(MappedFile::open(text)->bytes()), length)
                    : token_blocks(read_lines(text), *pieces, length, false);
  if (!blocks.empty() && blocks.back().size() < blocks.front().size()) blocks.pop_back();
  require(!blocks.empty() && std::ssize(blocks.front()) == length + causal,
          "{}: does not fill one block of {} tokens", text, length);
  identity["text"] = fingerprint_ids(blocks);
  if (causal) {
    return causal_steps(*model.network, std::move(blocks), batching.batch_size, batching.seed);
  }
  return [pieces, steps = masked_steps(*model.network, std::move(blocks), *pieces, batching)](
             std::int64_t step) { return steps(step); };
}

Alignment learn(const Model& a, const Model& b, const Alignment& start, const LearnRequest& request,
                const std::filesystem::path& state, const TrainingLog& log,
                const Compute& compute) {
  require(a.network->has_token_head(a.parameters),
          "{}: has no language-model head, whose loss learning lowers", a.folder.string());
  LearnOptions options = request.options;
  options.latents.learn = request.learnt_parts();
  nlohmann::json from = to_json(start)["axes"];
  for (auto& axis : from) axis.erase("seconds");
  nlohmann::json identity = {{"a", fingerprint(a.parameters)},
                             {"b", fingerprint(b.parameters)},
                             {"start", fingerprint_text(from.dump())},
                             {"learn", options.latents.learn},
                             {"both", options.move_both},
                             {"steps", options.steps},
                             {"learning_rate", options.latents.learning_rate}};
  const StepSource steps = request.steps(a, identity);
  return learn_alignment(a, b, {{}, start, steps, identity, state, log}, options, compute);
}

}  // namespace braid
