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
           "Architecture as a YAML file (docs/tables.md), for any model given as a folder or file "
           "of weights; requires `method` weights or `features`")
      .as(Use::input);
  list.add("text", r.text, "Text file to align on, one sequence per line").as(Use::input);
  list.add("task", r.task, "Instead of text: align on the data of a GLUE task or sts")
      .as(Use::features)
      .one_of(task_names({Predicts::label, Predicts::sentence}));
  list.add("data", r.data, "The task's tab-separated file, such as train.tsv").as(Use::input);
  list.add("batches", r.batches,
           "Instead of text: safetensors file of input_ids (N, T), optionally attention_mask, "
           "token_type_ids, position_ids, as Hugging Face models take them; labels are used by "
           "learning")
      .as(Use::input);
  list.add("features", r.features,
           "Instead of text: two safetensors files, features of A and of B at the same positions, "
           "with a tensor (tokens, units) per tap")
      .as(Use::input);
  list.add("from-moments", r.from_moments, "Instead of text: files of saved moments, added up")
      .as(Use::input);
  list.add("moments", r.moments, "Save the observed moments to this file").writing(Place::file);

  list.add(
      "preset", r.preset, Choices<Preset>{{"paper", Preset::paper}, {"best", Preset::best}},
      "paper: ffn,attention with permuted heads, shared qk and kept signs. best: the exact closed "
      "form that measured best for the family (docs/results.md): ffn,attention,residual (and head, "
      "pooler where free), permuted heads, separate qk, orthogonal maps inside heads, free signs, "
      "canonical forms where norms can be folded or weights alone are matched; the outputs of a "
      "bare "
      "encoder stay in place");
  list.add("components", r.components, "Axes that move")
      .one_of({"ffn", "attention", "residual", "head", "pooler", "embedding"})
      .otherwise("the preset's");
  list.add("heads", r.heads,
           Choices<Heads>{{"permute", Heads::permute},
                          {"monotonic", Heads::monotonic},
                          {"ignore", Heads::ignore}},
           "permute: match heads; monotonic: keep head j in place; ignore: one flat permutation of "
           "all units, NOT a symmetry")
      .otherwise("permute");
  list.add(
          "qk", r.query_key,
          Choices<QueryKey>{{"shared", QueryKey::shared}, {"separate", QueryKey::separate}},
          "Features that match queries and keys: shared: the context features; separate: their own")
      .otherwise("the preset's");
  list.add("residual", r.residual,
           Choices<ResidualTaps>{{"first", ResidualTaps::first},
                                 {"last", ResidualTaps::last},
                                 {"all", ResidualTaps::all},
                                 {"separate", ResidualTaps::separate}},
           "Where to observe the residual stream; separate: one permutation per norm, NOT a "
           "symmetry")
      .otherwise("first, or all if the stream may rotate");
  list.add("method", r.method, method_summaries()).one_of(method_names());
  list.add("in-head", r.in_head,
           Choices<InHead>{{"permutation", InHead::permutation},
                           {"orthogonal", InHead::orthogonal},
                           {"general", InHead::general}},
           "Maps of the units inside a head: permutation, orthogonal or general (any invertible "
           "matrix), all of which attention allows. With learned: the initial map; learning uses "
           "general maps")
      .otherwise("the preset's");
  list.add("start", r.start,
           "Initial alignment of learning: activations, weights, both, or an alignment file")
      .reading(path_unless(method_names()));
  LearnOptions& learning = r.learning;
  list.add("learn", learning.latents.learn, "Parts that learning may move")
      .one_of({"ffn", "heads", "in-head", "residual", "head", "pooler", "embedding", "shifts"})
      .otherwise("ffn,in-head,shifts, and residual where it is not a permutation");
  list.add("move", learning.move_both, Choices<bool>{{"b", false}, {"both", true}},
           "Models that move during learning; the result moves B alone");
  list.add("steps", learning.steps, "Learning steps").from(1);
  list.add("learning-rate", learning.latents.learning_rate,
           "Adam's rate for learning in-head maps; a tenth of it for permutations, 2.5 times for "
           "shifts")
      .from(0)
      .to(most_factor);
  list.add("learn-block", r.learning_text.block, "Tokens per sequence when learning on text")
      .from(2)
      .otherwise("64, or the model's positions");
  list.add("learn-batch", r.learning_text.masking.batch_size, "Sequences per learning step")
      .from(1);
  list.add("learn-mask", r.learning_text.masking.mask_probability,
           "Probability of masking an ordinary token when learning on text")
      .from(0)
      .to(1);
  list.add("starts", r.starts, "Number of axis orders that weight matching tries").from(1);
  list.add("seed", r.seed, "Seed of everything random: learning, orders, masking");
  list.add("canonicalise", r.canonicalise,
           "Bring both models to canonical form first (see braid canonicalise): same function, "
           "more symmetry")
      .as(Use::features)
      .otherwise(
          "true with preset best if norms can be folded (GPT-2), or for `method` weights unless "
          "`in-head` is permutation");
  list.add("signs", r.signs, Choices<bool>{{"free", true}, {"kept", false}},
           "free: units may change sign where the function allows it (pooler, gated feed-forward "
           "units, the residual stream under RMSNorm)")
      .otherwise("the preset's");
  list.add("correlation", r.absolute, Choices<bool>{{"signed", false}, {"absolute", true}},
           "Match by correlations or by their absolute values");
  list.add("special-tokens", r.drop_special, Choices<bool>{{"keep", false}, {"drop", true}},
           "Keep or drop the features of special tokens such as [CLS] and [SEP]")
      .as(Use::features);
  list.add("pool", r.pool,
           Choices<Pool>{
               {"none", Pool::none}, {"cls", Pool::cls}, {"max", Pool::max}, {"mean", Pool::mean}},
           "none: one feature per token; cls, max, mean: one per line")
      .as(Use::features);
  list.add("max-length", r.max_length, "Maximum tokens per line")
      .as(Use::features)
      .from(1)
      .otherwise("512, or the model's positions");
  list.add("blocks", r.blocks,
           "Read text as one stream, in blocks of max-length tokens, instead of line by line; for "
           "GPT-2")
      .as(Use::features);
  list.add("batch-size", r.batch_size, "Lines per forward pass; 0 = limited by tokens instead")
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
           "Precision of forward passes; sums are always float64")
      .as(Use::features);
  Option& threads = list.add("threads", compute.threads,
                             "Parallel tasks; 0 = one per core. Results do not depend on it");
  threads.as(Use::output).from(0).otherwise("one per core on the command line").put =
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
  require(task.empty() == data.empty(), "`task` and `data` require each other");
  const int given = !text.empty() + !task.empty() + !batches.empty() + has_features();
  require(given <= 1, "give only one of `text`, `batches`, `features`, and `task` with `data`");
  require(!has_features() || features.size() == 2,
          "`features` takes two files, of A and of B; found {}", features.size());
  require(moments.empty() || has_text() || has_features(),
          "`moments` saves what is observed on text; give `text` FILE");
  require(moments.empty() || observes(),
          "`moments` saves what is observed, but `method` {} observes nothing; use activations or "
          "both",
          method);
  require(table.empty() || !canonicalise.value_or(false),
          "`canonicalise` needs a known family's network, which a `table` does not describe");
  require(!learns() || learning.latents.learning_rate > 0,
          "`learning-rate` is 0: nothing would be learned");
  require(!learns() || task.empty(), "`method` learned reads `text` FILE or `batches` FILE");
}

void AlignRequest::require_no_method(const std::string& instead) const {
  // The other options describe the text, which is measured and trained on as well.
  const std::set<std::string> unused = {
      "features",     "from-moments", "moments", "preset",  "components",    "heads",
      "qk",           "residual",     "method",  "in-head", "start",         "learn",
      "move",         "steps",        "starts",  "pool",    "learning-rate", "correlation",
      "canonicalise", "blocks",       "signs"};
  AlignRequest given = *this, untouched;
  const OptionList options = options_of(given), defaults = options_of(untouched);
  for (const std::string& name : unused) {
    require(options.find(name).get() == defaults.find(name).get(),
            "`{}` is an option of aligning, but with `{}` nothing is aligned", name, instead);
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
  require(!learns() || has_text(),
          "`method` learned learns on text; give `text` FILE or `batches` FILE");
  require(
      (has_text() || has_features()) != !from_moments.empty(),
      "give one of `text` FILE, `task` and `data`, `features` A B, or `from-moments` FILE ... to "
      "align on, or use `method` weights, which needs no text");
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
  given.erase("device");  // 0.1 always wrote "cpu"
  options.assign(given);
  return asked;
}

}  // namespace braid
