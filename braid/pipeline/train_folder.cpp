#include "braid/pipeline/train_folder.h"

#include <algorithm>

#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/output_claim.h"
#include "braid/error.h"
#include "braid/pipeline/trained_folder.h"
#include "braid/tasks/tasks.h"
#include "braid/text/lines.h"
#include "braid/text/new_tokenizer.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// The result is already written, so failing to remove the state is not an error.
void remove_state(const fs::path& state) {
  std::error_code ignored;
  fs::remove(state, ignored);
}

std::string vocabulary_file(const PretrainRequest& request) {
  return request.vocabulary == "train" ? "" : request.vocabulary;
}

// In `config`, which names tokens by their ids in `whole`: the ids of the same tokens in `part`,
// and null for one that it lacks.
void renumber_tokens(const Tokenizer& whole, const Tokenizer& part, nlohmann::json& config) {
  const std::vector<std::string> tokens = whole.tokens(), kept = part.tokens();
  const auto renumber = [&](nlohmann::json& value) {
    const auto id = value.is_number_integer() ? value.get<std::int64_t>() : -1;
    const bool is_token = id >= 0 && id < std::ssize(tokens);
    const std::string token = is_token ? tokens[static_cast<std::size_t>(id)] : "";
    const auto found = token.empty() ? kept.end() : std::find(kept.begin(), kept.end(), token);
    value = found == kept.end() ? nlohmann::json() : nlohmann::json(found - kept.begin());
  };
  for (auto& [key, value] : config.items()) {
    if (!key.ends_with("_token_id")) continue;
    if (!value.is_array()) {
      renumber(value);
      continue;
    }
    for (nlohmann::json& one : value) renumber(one);
    value.erase(std::remove(value.begin(), value.end(), nullptr), value.end());
  }
}

// The ids of the tokenizer's roles. Without one, the key is null unless it is given: the default of
// transformers is of another vocabulary.
void name_roles(const Tokenizer& tokenizer, nlohmann::json& config) {
  const std::pair<const char*, std::optional<std::int64_t>> roles[] = {
      {"bos_token_id", tokenizer.start_of_text()}, {"eos_token_id", tokenizer.end_of_text()}};
  for (const auto& [key, id] : roles) {
    if (id) {
      config[key] = *id;
    } else if (!config.contains(key)) {
      config[key] = nullptr;
    }
  }
  // Not null: RoBERTa counts positions from it.
  if (const auto pad = tokenizer.pad()) config["pad_token_id"] = *pad;
}

// The requested tokenizer; writes the fields that depend on it to `config`.
std::shared_ptr<const Tokenizer> choose_tokenizer(const PretrainRequest& request,
                                                  nlohmann::json& config) {
  constexpr std::int64_t aligned = 16;  // rows of logits, a third faster; the rest never occur
  std::shared_ptr<const Tokenizer> tokenizer =
      new_tokenizer(request.vocabulary, request.text, config_size(config, "vocab_size", 30522));
  if (!request.restrict_to.empty()) {
    const auto whole = tokenizer;
    tokenizer = whole->restricted_to(read_text(request.restrict_to));
    renumber_tokens(*whole, *tokenizer, config);
    config["vocab_size"] = (tokenizer->size() + aligned - 1) / aligned * aligned;
  }
  if (!config.contains("vocab_size")) config["vocab_size"] = tokenizer->size();
  name_roles(*tokenizer, config);
  return tokenizer;
}

}  // namespace

PretrainRequest PretrainRequest::resolved() const {
  const PretrainOptions defaults = pretrain_defaults(config);
  PretrainRequest full = *this;
  full.block = full.options.block = block.value_or(defaults.block);
  full.learning_rate = full.options.learning_rate = learning_rate.value_or(defaults.learning_rate);
  full.warmup = full.options.warmup = warmup.value_or(defaults.warmup);
  return full;
}

fs::path training_state(const fs::path& out) { return state_beside(out, "state"); }

Pretrained pretrain_folder(const PretrainRequest& request, const fs::path& out,
                           const FolderOptions& folder, const TrainingLogs& logs) {
  FilePlan{{request.text, request.valid, request.restrict_to, vocabulary_file(request)},
           {{out, Place::checkpoint}, {training_state(out)}},
           folder.overwrite}
      .check();
  const OutputClaim output(out);
  const PretrainOptions options = request.resolved().options;
  require(options.patience == 0 || !request.valid.empty(),
          "`patience` depends on the loss on `valid`; give `valid` FILE");
  nlohmann::json config = complete_config(request.config);
  const Family& family = find_family(config, "config.json");
  const std::vector<const Part*> heads = family.heads_of(family.classes.front());
  require(std::any_of(heads.begin(), heads.end(),
                      [](const Part* head) { return head->head->predicts == Predicts::token; }),
          "config.json: {} cannot be trained from scratch here, only models that predict tokens of "
          "the text they read",
          family.title);
  const TokenTask& task = token_task(config);
  const auto tokenizer = choose_tokenizer(request, config);
  const std::optional<std::int64_t> pad = config_token(config, "pad_token_id");
  const std::int64_t rows = config_size(config, "vocab_size", 30522);
  require(!pad || *pad < rows,
          "config.json: pad_token_id is {}, but the model has {} tokens; transformers would not "
          "load it",
          pad.value_or(0), rows);
  std::vector<TokenSequence> blocks = task.training_blocks(request.text, *tokenizer, options.block);
  std::optional<Examples> valid;
  if (!request.valid.empty()) {
    TaskInput input;
    input.text = request.valid;
    input.masking.block = options.block;
    valid = task.load(input, *tokenizer, options.block);
  }
  const fs::path state = training_state(out);
  if (logs.start) {
    logs.start({std::ssize(blocks), std::ssize(blocks) * options.block, valid ? valid->size() : 0,
                tokenizer->size(), 0, fs::exists(state)});
  }
  Pretrained trained =
      pretrain(config, tokenizer, std::move(blocks), valid, options, state, logs.step, logs.dev);
  write_pretrained(out, config, tokenizer->files(), options, trained, folder);
  remove_state(state);
  return trained;
}

Finetuned finetune_folder(const FinetuneRequest& request, const fs::path& out,
                          const FolderOptions& folder, const TrainingLogs& logs) {
  FilePlan{{request.checkpoint, request.data, request.dev},
           {{out, Place::checkpoint}, {training_state(out)}},
           folder.overwrite}
      .check();
  const OutputClaim output(out);
  require(request.options.patience == 0 || !request.dev.empty(),
          "`patience` depends on the score on `dev`; give `dev` FILE");
  const Model model = load_model(request.checkpoint);
  const Task& task = find_task(request.task);
  require(task.head() == Predicts::label,
          "task {} is not a classification or regression task, which finetune trains", task.name());
  const auto tokenizer = tokenizer_of(model);
  const auto load = [&](const std::string& file, std::int64_t lines) {
    TaskInput input;
    input.data = file;
    input.lines = lines;
    input.score_range = request.score_range;
    input.max_length = sequence_length(*model.network, request.max_length, 128, "max-length");
    return task.load(input, *tokenizer, model.network->max_positions());
  };
  const Examples data = load(request.data, request.lines);
  std::optional<Examples> dev;
  if (!request.dev.empty()) dev = load(request.dev, 0);
  const fs::path state = training_state(out);
  if (logs.start) {
    logs.start({data.size(), data.tokens(), dev ? dev->size() : 0, tokenizer->size(),
                data.skipped + (dev ? dev->skipped : 0), fs::exists(state)});
  }
  Finetuned tuned = finetune(model, data, dev, request.options, state, logs.step, logs.dev);
  write_finetuned(out, tuned, request.options, folder.overwrite);
  remove_state(state);
  return tuned;
}

}  // namespace braid
