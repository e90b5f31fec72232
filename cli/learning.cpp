#include "cli/learning.h"

#include <spdlog/spdlog.h>

#include <sstream>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
#include "braid/tasks/causal_text.h"
#include "braid/text/lines.h"
#include "cli/terminal.h"

namespace braid {
namespace {

std::set<std::string> parts_to_learn(const std::string& text) {
  static const std::set<std::string> known = {"ffn",      "heads", "in-head",
                                              "residual", "head",  "pooler"};
  std::set<std::string> parts;
  std::stringstream stream(text);
  for (std::string name; std::getline(stream, name, ',');) {
    require(known.contains(name), "--learn: '{}' is not one of {}", name, fmt::join(known, ", "));
    parts.insert(name);
  }
  return parts;
}

}  // namespace

StepSource training_steps(const Model& model, const AlignOptions& options,
                          nlohmann::json& identity) {
  MaskedBatches batches = options.learning_batches;
  batches.seed = options.seed;
  identity.update(
      {{"batch", batches.batch_size}, {"mask", batches.mask_probability}, {"seed", options.seed}});
  const bool causal = model.network->is_causal();
  if (!options.batches.empty()) {
    const TokenText ready = load_token_text(options.batches, batches.batch_size, causal);
    for (const TokenBatch& batch : ready.batches) {
      check_tokens(*model.network, batch.batch.input_ids);
    }
    identity["text"] = fingerprint_text(MappedFile::open(options.batches)->bytes());
    return ready_steps(*model.network, ready, batches.batch_size, batches.seed);
  }
  const std::shared_ptr<const Tokenizer> tokenizer = load_tokenizer(model.folder);
  const std::int64_t block = std::min(options.learning_block, model.network->max_positions());
  const auto pieces = std::dynamic_pointer_cast<const WordPiece>(tokenizer);
  require(causal || pieces, "{}: masked text needs WordPiece, found {}", model.folder.string(),
          tokenizer->kind());
  auto blocks =
      causal ? overlapping_blocks(tokenizer->encode(MappedFile::open(options.text)->bytes()), block)
             : token_blocks(read_lines(options.text), *pieces, block, false);
  if (!blocks.empty() && blocks.back().size() < blocks.front().size()) blocks.pop_back();
  require(!blocks.empty() && std::ssize(blocks.front()) == block + causal,
          "{}: does not fill one block of {} tokens", options.text, block);
  identity["text"] = fingerprint_ids(blocks);
  if (causal) {
    return causal_steps(*model.network, std::move(blocks), batches.batch_size, batches.seed);
  }
  return [pieces, steps = masked_steps(*model.network, std::move(blocks), *pieces, batches)](
             std::int64_t step) { return steps(step); };
}

Alignment learn(const Model& a, const Model& b, const Alignment& start, const AlignOptions& options,
                const ComputeOptions& compute) {
  require(options.task.empty(), "--method learned reads --text FILE or --batches FILE");
  require(a.network->has_token_head(a.parameters),
          "{}: has no language-model head, whose loss learning lowers", a.folder.string());
  LearnOptions learning = options.learning;
  learning.seed = options.seed;
  learning.threads = compute.thread_count();
  if (!options.learn.empty()) learning.learn = parts_to_learn(options.learn);
  nlohmann::json from = to_json(start)["axes"];
  for (auto& axis : from) axis.erase("seconds");
  nlohmann::json identity = {{"a", fingerprint(a.parameters)},
                             {"b", fingerprint(b.parameters)},
                             {"start", fingerprint_text(from.dump())},
                             {"learn", learning.learn},
                             {"steps", learning.steps},
                             {"learning_rate", learning.learning_rate}};
  const StepSource steps = training_steps(a, options, identity);
  const std::filesystem::path& state = options.learning_state;
  if (!state.empty() && std::filesystem::exists(state)) {
    spdlog::info("going on from {}", state.string());
  }
  Learned learned = learn_alignment(a, b, start, steps, identity, learning, state, training_log());
  return std::move(learned.alignment);
}

}  // namespace braid
