#include "braid/training/causal_run.h"

#include "braid/checkpoint/mapped_file.h"
#include "braid/families/families.h"
#include "braid/tasks/causal_text.h"

namespace braid {

bool is_causal(const nlohmann::json& config) { return find_family(config, "config.json").causal; }

PretrainOptions causal_defaults() {
  PretrainOptions options;
  options.block = 256;
  options.learning_rate = 3e-4;
  options.warmup = 0.05;
  return options;
}

CausalRun read_causal_run(nlohmann::json config, const std::filesystem::path& vocabulary,
                          const std::filesystem::path& text, const CausalFiles& files,
                          std::int64_t block) {
  constexpr std::int64_t valid_batch = 16;
  constexpr std::int64_t aligned = 16;  // rows of logits, a third faster; the rest never occur
  ByteLevelBpe tokenizer = ByteLevelBpe::from_folder(vocabulary);
  if (!files.restrict_to.empty()) {
    tokenizer = tokenizer.restricted_to(MappedFile::open(files.restrict_to)->bytes());
    config["vocab_size"] = (tokenizer.size() + aligned - 1) / aligned * aligned;
  }
  if (!config.contains("vocab_size")) config["vocab_size"] = tokenizer.size();
  for (const char* key : {"bos_token_id", "eos_token_id"}) {
    const auto end = tokenizer.encode("<|endoftext|>");
    if (end.size() == 1) config[key] = end.front();
  }
  std::vector<std::int64_t> ids = tokenizer.encode(MappedFile::open(text)->bytes());
  std::optional<TokenText> valid;
  if (!files.valid.empty()) valid = causal_text(files.valid, tokenizer, block, valid_batch);
  return {std::move(config), std::move(tokenizer), std::move(ids), std::move(valid)};
}

}  // namespace braid
