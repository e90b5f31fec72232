#include "cli/learning.h"

#include <spdlog/spdlog.h>

#include <sstream>

#include "braid/checkpoint/fingerprint.h"
#include "braid/error.h"
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

Alignment learn(const Model& a, const Model& b, const Alignment& start, const AlignOptions& options,
                const ComputeOptions& compute) {
  require(options.task.empty(), "--method learned reads --text FILE or --batches FILE");
  require(a.network->has_token_head(a.parameters),
          "{}: has no masked-language-model head, whose loss learning lowers", a.folder.string());
  LearnOptions learning = options.learning;
  learning.seed = options.seed;
  learning.threads = compute.thread_count();
  if (!options.learn.empty()) learning.learn = parts_to_learn(options.learn);
  MaskedBatches batches = options.learning_batches;
  batches.seed = options.seed;
  const WordPiece tokenizer = WordPiece::from_folder(a.folder);
  StepSource steps;
  std::string text;
  if (!options.batches.empty()) {
    const TokenText ready = load_token_text(options.batches, batches.batch_size);
    for (const TokenBatch& batch : ready.batches) check_tokens(*a.network, batch.batch.input_ids);
    steps = ready_steps(*a.network, ready, batches.batch_size, batches.seed);
    text = fingerprint_text(MappedFile::open(options.batches)->bytes());
  } else {
    auto blocks = token_blocks(read_lines(options.text), tokenizer, options.learning_block, false);
    if (!blocks.empty() && std::ssize(blocks.back()) < options.learning_block) blocks.pop_back();
    require(!blocks.empty(), "{}: does not fill one block of {} tokens", options.text,
            options.learning_block);
    text = fingerprint_ids(blocks);
    steps = masked_steps(*a.network, std::move(blocks), tokenizer, batches);
  }
  nlohmann::json from = to_json(start)["axes"];
  for (auto& axis : from) axis.erase("seconds");
  const nlohmann::json identity = {{"a", fingerprint(a.parameters)},
                                   {"b", fingerprint(b.parameters)},
                                   {"start", fingerprint_text(from.dump())},
                                   {"text", text},
                                   {"learn", learning.learn},
                                   {"steps", learning.steps},
                                   {"learning_rate", learning.learning_rate},
                                   {"batch", batches.batch_size},
                                   {"mask", batches.mask_probability},
                                   {"seed", options.seed}};
  const std::filesystem::path& state = options.learning_state;
  if (!state.empty() && std::filesystem::exists(state)) {
    spdlog::info("going on from {}", state.string());
  }
  Learned learned = learn_alignment(a, b, start, steps, identity, learning, state, training_log());
  return std::move(learned.alignment);
}

}  // namespace braid
