#include "braid/study/study.h"

#include <algorithm>
#include <fstream>

#include "braid/checkpoint/json_text.h"
#include "braid/study/yaml_fields.h"
#include "braid/training/trained_folder.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

void read_pretraining(YamlFields fields, Study& study) {
  PretrainRequest p;
  const YAML::Node config = fields.node("config");
  if (config.IsMap()) {
    for (const auto& entry : config) {
      const std::string text = fields.scalar(entry.second);
      const Json value = Json::parse(text, nullptr, false);
      p.config[entry.first.Scalar()] = value.is_discarded() ? Json(text) : value;
    }
  } else {
    const std::string path = fields.scalar(config);
    std::ifstream file(path);
    if (!file.good()) fields.wrong(config, "config: {}: cannot be opened", path);
    p.config = parse_json(std::string(std::istreambuf_iterator<char>(file), {}), path);
  }
  p.config = complete_config(p.config);
  p.vocabulary = "train";
  fields.read("vocab", p.vocabulary);
  p.text = fields.text("text");
  PretrainOptions& o = p.options;
  o = pretrain_defaults(p.config);
  if (token_task(p.config).is_causal()) {
    p.vocabulary = fields.text("vocab");
    fields.read("restrict-vocab", p.restrict_to);
    fields.read("valid", p.valid);
    fields.read("evaluate-every", o.evaluate_every);
    fields.read("patience", o.patience);
  }
  fields.node("steps");
  fields.read("steps", o.steps);
  fields.read("batch-size", o.batch_size);
  fields.read("block", o.block);
  fields.read("mask-probability", o.mask_probability);
  fields.read("learning-rate", o.learning_rate);
  fields.read("warmup", o.warmup);
  fields.read("weight-decay", o.weight_decay);
  for (const std::int64_t seed : fields.integers("seeds")) {
    study.models.push_back({std::to_string(seed), {}, static_cast<std::uint64_t>(seed)});
  }
  fields.done();
  study.pretraining = std::move(p);
}

// models: a list of folders, or {pretrain: {...}}.
void read_models(YamlFields& root, Study& study) {
  const YAML::Node models = root.node("models");
  if (models.IsMap()) {
    YamlFields fields = root.map("models");
    read_pretraining(fields.map("pretrain"), study);
    fields.done();
  } else {
    for (const YAML::Node& item : models) {
      const fs::path folder = root.scalar(item);
      study.models.push_back({folder.filename().string(), folder, 0});
    }
  }
  if (study.models.size() < 2) root.wrong(models, "models: two at least are needed");
  for (std::size_t i = 0; i < study.models.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (study.models[i].name == study.models[j].name) {
        root.wrong(models, "models: '{}' is there twice", study.models[i].name);
      }
    }
  }
}

std::size_t find_model(const Study& study, const std::string& name, const YamlFields& root,
                       const YAML::Node& where) {
  for (std::size_t i = 0; i < study.models.size(); ++i) {
    if (study.models[i].name == name) return i;
  }
  root.wrong(where, "pairs: there is no model '{}'", name);
}

// pairs: all, or a list of [A, B].
void read_pairs(YamlFields& root, Study& study) {
  const YAML::Node pairs = root.has("pairs") ? root.node("pairs") : YAML::Load("all");
  if (pairs.IsScalar()) {
    if (root.scalar(pairs) != "all") root.wrong(pairs, "pairs: 'all', or a list of [A, B]");
    for (std::size_t i = 0; i < study.models.size(); ++i) {
      for (std::size_t j = i + 1; j < study.models.size(); ++j) study.pairs.emplace_back(i, j);
    }
    return;
  }
  for (const YAML::Node& pair : pairs) {
    if (!pair.IsSequence() || pair.size() != 2) root.wrong(pair, "pairs: expected [A, B]");
    study.pairs.emplace_back(find_model(study, root.scalar(pair[0]), root, pair),
                             find_model(study, root.scalar(pair[1]), root, pair));
  }
  if (study.pairs.empty()) root.wrong(pairs, "pairs: the list is empty");
}

StudyFinetuning read_finetuning(YamlFields fields, std::int64_t max_length) {
  StudyFinetuning f;
  f.data = fields.text("data");
  f.max_length = max_length;
  FinetuneOptions& o = f.options;
  fields.read("lines", f.lines);
  fields.read("epochs", o.epochs);
  fields.read("seed", o.seed);
  fields.read("head-seed", o.head_seed);
  fields.read("batch-size", o.batch_size);
  fields.read("learning-rate", o.learning_rate);
  fields.read("warmup", o.warmup);
  fields.read("weight-decay", o.weight_decay);
  fields.read("dropout", o.dropout);
  fields.read("patience", o.patience);
  fields.done();
  return f;
}

// The text that a task's models are aligned on: the task's own training set, or `align`.
StudyText read_text(YamlFields& fields, const StudyTask& task) {
  StudyText text;
  text.max_length = task.score.max_length;
  if (task.finetuning) {
    text.file = task.finetuning->data;
    text.task = task.name;
  }
  if (fields.has("align")) {
    YamlFields align = fields.map("align");
    align.read("max-length", text.max_length);
    align.read("blocks", text.blocks);
    if (align.has("text")) {
      text.file = align.text("text");
      text.task.clear();
    }
    align.done();
  }
  if (text.file.empty()) fields.wrong(fields.self(), "align: {{text: FILE}} is missing");
  return text;
}

StudyTask read_task(YamlFields fields) {
  StudyTask task;
  ScoreRequest& s = task.score;
  task.name = s.task = fields.text("task");
  find_task(s.task);
  fields.read("text", s.text);
  fields.read("batches", s.batches);
  fields.read("data", s.data);
  fields.read("lines", s.lines);
  fields.read("max-length", s.max_length);
  fields.read("block", s.masking.block);
  fields.read("mask-probability", s.masking.probability);
  fields.read("seed", s.masking.seed);
  fields.read("character-spaced", s.masking.character_spaced);
  if (s.file().empty()) {
    fields.wrong(fields.self(), "task {}: {} is missing", s.task,
                 s.scores_tokens() ? "text or batches" : "data");
  }
  if (fields.has("finetune")) {
    task.finetuning = read_finetuning(fields.map("finetune"), s.max_length);
  }
  task.align = read_text(fields, task);
  fields.done();
  return task;
}

StudyVariant read_variant(YamlFields fields) {
  StudyVariant v;
  v.name = fields.text("name");
  std::string align, decoder = "tied";
  fields.read("align", align);
  if (!align.empty() && align != "none") {
    fields.wrong(fields.self(),
                 "align: 'none', or leave it out and say how: preset, components, ...");
  }
  v.aligned = align.empty();
  AlignRequest& a = v.align;
  fields.read("preset", a.preset);
  fields.read("components", a.components);
  fields.read("heads", a.heads);
  fields.read("qk", a.query_key);
  fields.read("residual", a.residual);
  fields.read("method", a.method);
  fields.read("in-head", a.in_head);
  fields.read("correlation", a.correlation);
  fields.read("special-tokens", a.special_tokens);
  fields.read("pool", a.pool);
  fields.read("decoder", decoder);
  fields.read("canonicalise", a.canonicalise);
  if (a.learns()) {
    LearnRequest& l = v.learning;
    fields.read("start", a.start);
    fields.read("learn", l.parts);
    fields.read("steps", l.options.steps);
    fields.read("learning-rate", l.options.latents.learning_rate);
    fields.read("move-both", l.options.move_both);
    fields.read("seed", l.options.seed);
    fields.read("learn-block", l.block);
    fields.read("learn-batch", l.masking.batch_size);
    fields.read("learn-mask", l.masking.mask_probability);
    if (!a.closed_form()) {
      fields.wrong(fields.self(), "start: '{}' is not one of activations, weights, both", a.start);
    }
    l.learnt_parts();
  }
  try {
    v.decoder = find_decoder(decoder);
  } catch (const Error& error) {
    fields.wrong(fields.self(), "{}", error.what());
  }
  if (fields.has("published")) {
    for (const auto& entry : fields.node("published")) {
      v.published[entry.first.Scalar()] = entry.second.IsSequence()
                                              ? Json(entry.second.as<std::vector<double>>())
                                              : Json(entry.second.as<double>());
    }
  }
  fields.done();
  return v;
}

}  // namespace

Study read_study(const fs::path& file, const std::map<std::string, std::string>& values) {
  YAML::Node root;
  try {
    root = YAML::LoadFile(file.string());
  } catch (const YAML::BadFile&) {
    fail("{}: cannot be opened", file.string());
  } catch (const YAML::Exception& error) {
    fail("{}:{}: {}", file.string(), error.mark.line + 1, error.msg);
  }
  std::map<std::string, std::string> defined = values;
  if (root.IsMap() && root["define"]) {
    for (const auto& entry : root["define"]) {
      defined.emplace(entry.first.Scalar(), entry.second.Scalar());
    }
  }
  YamlFields fields(root, file.string(), defined);
  if (fields.has("define")) fields.node("define");
  Study study;
  study.name = file.stem().string();
  study.title = study.name;
  fields.read("title", study.title);
  fields.read("about", study.about);
  fields.read("points", study.points);
  if (study.points < 2) fields.wrong(fields.node("points"), "points: 2 at least");
  std::string precision = "float32", moments = "keep";
  fields.read("precision", precision);
  if (precision != "float32" && precision != "bfloat16" && precision != "float64") {
    fields.wrong(fields.node("precision"), "precision: float32, bfloat16 or float64");
  }
  study.precision = find_dtype(precision);
  fields.read("moments", moments);
  if (moments != "keep" && moments != "drop") {
    fields.wrong(fields.node("moments"), "moments: keep or drop");
  }
  study.keep_moments = moments == "keep";
  if (fields.has("sizes")) {
    study.sizes = fields.integers("sizes");
    std::sort(study.sizes.begin(), study.sizes.end());
    const bool twice =
        std::adjacent_find(study.sizes.begin(), study.sizes.end()) != study.sizes.end();
    const bool fits = !study.sizes.empty() && study.sizes.front() >= (study.sizes.size() > 1);
    if (!fits || twice) {
      fields.wrong(fields.node("sizes"), "sizes: distinct numbers of lines; 0 (all) only alone");
    }
  }
  read_models(fields, study);
  read_pairs(fields, study);
  for (const YamlFields& task : fields.list("tasks")) study.tasks.push_back(read_task(task));
  for (const YamlFields& v : fields.list("variants")) {
    study.variants.push_back(read_variant(v));
    const StudyVariant& variant = study.variants.back();
    for (const StudyTask& task : study.tasks) {
      if (!variant.aligned || !variant.align.learns() || task.align.task.empty()) continue;
      v.wrong(v.self(), "method: learned lowers the loss of tokens; {} has none", task.name);
    }
  }
  if (study.tasks.empty() || study.variants.empty()) {
    fields.wrong(root, "one task and one variant at least are needed");
  }
  fields.done();
  return study;
}

}  // namespace braid
