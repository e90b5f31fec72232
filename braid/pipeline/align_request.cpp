#include "braid/pipeline/align_request.h"

#include <algorithm>
#include <thread>

#include "braid/notice.h"

namespace braid {
namespace {

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method* method : methods()) names.emplace_back(method->name);
  return names;
}

std::string method_summaries() {
  std::string text;
  for (const Method* method : methods()) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ". ", method->name, method->summary);
  }
  return text;
}

}  // namespace

OptionList options_of(AlignRequest& r) {
  OptionList list;
  list.add("table", r.table,
           "The architecture as a YAML file (docs/tables.md): any model, given as a folder or a "
           "file "
           "of weights; `method` weights, or `features`")
      .as(Use::input);
  list.add("text", r.text, "What is aligned on: a sequence a line").as(Use::input);
  list.add("task", r.task, "Instead of text: a GLUE task or sts, whose data is aligned on")
      .as(Use::features)
      .one_of(task_names({Predicts::label, Predicts::sentence}));
  list.add("data", r.data, "The task's tab-separated file, such as train.tsv").as(Use::input);
  list.add("batches", r.batches,
           "Instead of text: safetensors file of input_ids (N, T), and perhaps attention_mask, "
           "token_type_ids, position_ids, as Hugging Face's models take them; labels are for "
           "learning")
      .as(Use::input);
  list.add("features", r.features,
           "Instead of text: two safetensors files, of A's features and of B's at the same places: "
           "for each tap a tensor (tokens, units)")
      .as(Use::input);
  list.add("from-moments", r.from_moments, "Instead of text: saved moments, added up")
      .as(Use::input);
  list.add("moments", r.moments, "Save what is observed here").writing(Place::file);

  list.add(
      "preset", r.preset, Choices<Preset>{{"paper", Preset::paper}, {"best", Preset::best}},
      "paper: ffn,attention with permuted heads, shared qk and kept signs. best: the exact closed "
      "form "
      "that measured best for the family (docs/results.md): ffn,attention,residual (and head, "
      "pooler where free), permuted heads, separate qk, orthogonal maps inside heads, "
      "free signs, canonical forms where norms can be folded; what a bare encoder returns stays "
      "in place");
  list.add("components", r.components, "Which axes move")
      .one_of({"ffn", "attention", "residual", "head", "pooler", "embedding"})
      .otherwise("the preset's");
  list.add("heads", r.heads,
           Choices<Heads>{{"permute", Heads::permute},
                          {"monotonic", Heads::monotonic},
                          {"ignore", Heads::ignore}},
           "permute; monotonic: head j stays j; ignore: one flat permutation, NOT a symmetry")
      .otherwise("permute");
  list.add("qk", r.query_key,
           Choices<QueryKey>{{"shared", QueryKey::shared}, {"separate", QueryKey::separate}},
           "shared: q and k follow the context features; separate: their own")
      .otherwise("the preset's");
  list.add("residual", r.residual,
           Choices<ResidualTaps>{{"first", ResidualTaps::first},
                                 {"last", ResidualTaps::last},
                                 {"all", ResidualTaps::all},
                                 {"separate", ResidualTaps::separate}},
           "Where the residual stream is read; separate: one permutation a norm, NOT a symmetry")
      .otherwise("first, or all where it may turn");
  list.add("method", r.method, method_summaries()).one_of(method_names());
  list.add("in-head", r.in_head,
           Choices<InHead>{{"permutation", InHead::permutation},
                           {"orthogonal", InHead::orthogonal},
                           {"general", InHead::general}},
           "How the units inside a head move: permutation, or any orthogonal or general "
           "(invertible) map, which attention allows. With learned: how they start; all "
           "invertible maps are learnt")
      .otherwise("the preset's");
  list.add("start", r.start,
           "What learning starts from: activations, weights, both, or an alignment file")
      .reading(path_unless(method_names()));
  LearnOptions& learning = r.learning;
  list.add("learn", learning.latents.learn, "What learning may move")
      .one_of({"ffn", "heads", "in-head", "residual", "head", "pooler", "embedding", "shifts"})
      .otherwise("ffn,in-head,shifts, and residual where it is not a permutation");
  list.add("move", learning.move_both, Choices<bool>{{"b", false}, {"both", true}},
           "Which models move while learning; B takes all of it in the end");
  list.add("steps", learning.steps, "Of learning").from(1);
  list.add("learning-rate", learning.latents.learning_rate,
           "Of learning: Adam on in-head maps; permutations a tenth, shifts 2.5 times")
      .from(0)
      .to(most_factor);
  list.add("learn-block", r.learning_text.block, "Tokens a sequence of learning, on text")
      .from(2)
      .otherwise("64, or the model's positions");
  list.add("learn-batch", r.learning_text.masking.batch_size, "Sequences a step of learning")
      .from(1);
  list.add("learn-mask", r.learning_text.masking.mask_probability,
           "Of each ordinary token, on text")
      .from(0)
      .to(1);
  list.add("starts", r.starts, "Orders that weight matching starts in").from(1);
  list.add("seed", r.seed, "Of all that is drawn: learning, orders, masking");
  list.add("canonicalise", r.canonicalise,
           "Bring both models to canonical form first (see braid canonicalise): the same "
           "functions, more symmetry")
      .as(Use::features)
      .otherwise("with the best preset, where norms can be folded (GPT-2)");
  list.add("signs", r.signs, Choices<bool>{{"free", true}, {"kept", false}},
           "Where units may change their sign (pooler, gated feed-forward units, a stream under "
           "RMSNorm)")
      .otherwise("the preset's");
  list.add("correlation", r.absolute, Choices<bool>{{"signed", false}, {"absolute", true}},
           "Match by correlations, or by their absolute values");
  list.add("special-tokens", r.drop_special, Choices<bool>{{"keep", false}, {"drop", true}},
           "Count the tokens that mark a sequence, such as [CLS] and [SEP]?")
      .as(Use::features);
  list.add("pool", r.pool,
           Choices<Pool>{
               {"none", Pool::none}, {"cls", Pool::cls}, {"max", Pool::max}, {"mean", Pool::mean}},
           "A feature per token, or per line")
      .as(Use::features);
  list.add("max-length", r.max_length, "Tokens of a line")
      .as(Use::features)
      .from(1)
      .otherwise("512, or the model's positions");
  list.add("blocks", r.blocks,
           "Read text as it stands in blocks of max-length tokens rather than line by line; for "
           "GPT-2")
      .as(Use::features);
  list.add("batch-size", r.batch_size, "Lines a forward pass; 0 = as many as fit its tokens")
      .as(Use::features)
      .from(0);
  list.add("lines", r.lines, "Only the first N lines; 0 = all").as(Use::features).from(0);
  return list;
}

OptionList options_of(Compute& compute) {
  OptionList list;
  list.add("precision", compute.dtype,
           Choices<at::ScalarType>{
               {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}, {"float64", at::kDouble}},
           "Of the forward passes; sums are always float64")
      .as(Use::features);
  Option& threads = list.add("threads", compute.threads,
                             "Tasks at a time; 0 = one a core. Results do not depend on it");
  threads.as(Use::output).from(0).otherwise("one a core on the command line").put =
      [&compute](const nlohmann::json& json) {
        const int given = json.get<int>();
        compute.threads =
            given > 0 ? given : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
      };
  return list;
}

void AlignRequest::check() const {
  AlignRequest named = *this;
  files_of(options_of(named)).check();
  require(task.empty() == data.empty(), "`task` and `data` go together");
  const int given = !text.empty() + !task.empty() + !batches.empty() + has_features();
  require(given <= 1, "give one of `text`, `batches`, `features`, and `task` with `data`");
  require(!has_features() || features.size() == 2,
          "`features` are two files, of A and of B; found {}", features.size());
  require(moments.empty() || has_text() || has_features(),
          "`moments` saves what `text` shows; give `text` FILE");
  require(
      table.empty() || !canonicalise.value_or(false),
      "`canonicalise` folds what a family's network is known to do; a `table` says nothing of it");
  require(!learns() || learning.latents.learning_rate > 0,
          "`learning-rate` is 0: nothing would be learned");
  require(!learns() || task.empty(), "`method` learned reads `text` FILE or `batches` FILE");
}

void AlignRequest::require_no_method(const std::string& instead) const {
  // The others are of the text, which is measured and trained on as well.
  const std::set<std::string> unused = {
      "features",     "from-moments", "moments", "preset",  "components",    "heads",
      "qk",           "residual",     "method",  "in-head", "start",         "learn",
      "move",         "steps",        "starts",  "pool",    "learning-rate", "correlation",
      "canonicalise", "blocks",       "signs"};
  AlignRequest given = *this, usual;
  const OptionList options = options_of(given), defaults = options_of(usual);
  for (const std::string& name : unused) {
    require(options.find(name).get() == defaults.find(name).get(),
            "`{}` says how to align, but with `{}` nothing is aligned", name, instead);
  }
}

const Method* AlignRequest::started_by() const {
  if (!found_by().needs.start) return nullptr;
  for (const Method* other : methods()) {
    if (other->name == start && !other->needs.start) return other;
  }
  return nullptr;
}

bool AlignRequest::observes() const {
  const Method* other = started_by();
  return found_by().needs.moments || (other && other->needs.moments);
}

void AlignRequest::require_text() const {
  if (!observes() && !learns()) return;
  require(
      (has_text() || has_features()) != !from_moments.empty(),
      "give either `text` FILE, `task` and `data`, `features` A B, or `from-moments` FILE ... to "
      "align on, or `method` weights, which needs no text");
}

const Task* AlignSource::text_task() const { return task.empty() ? nullptr : &find_task(task); }

ObserveOptions AlignSource::observe_options(const std::vector<std::int64_t>& special,
                                            const Compute& compute) const {
  ObserveOptions options;
  if (drop_special) options.dropped_ids = special;
  options.pool = pool;
  options.batch_sequences = batch_size;
  options.compute = compute;
  return options;
}

TrainingText AlignSource::training_text() const {
  TrainingText full = learning_text;
  full.text = text;
  full.batches = batches;
  full.masking.seed = seed;
  return full;
}

std::pair<AlignRequest, Compute> request_of(const Alignment& alignment) {
  std::pair<AlignRequest, Compute> asked;
  OptionList options = options_of(asked.first);
  options.append(options_of(asked.second));
  nlohmann::json given = alignment.options;
  given.erase("device");  // 0.1 said "cpu", all that there was
  options.assign(given);
  return asked;
}

}  // namespace braid
