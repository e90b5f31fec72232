#include "braid/study/study.h"

#include <algorithm>

#include "braid/checkpoint/folder_names.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/json/json_text.h"
#include "braid/pipeline/trained_folder.h"
#include "braid/study/yaml_fields.h"
#include "braid/tables/yaml_keys.h"
#include "braid/text/basic_tokens.h"

namespace braid {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Aliases and ${name} repeat a value: n bytes can stand for n^2 / 16.
constexpr std::size_t longest_file = 64 << 10;
constexpr std::size_t most_models = 1000;  // all may be paired with all

// A value of config.json, given as a YAML scalar.
Json value_of(const std::string& text) {
  try {
    return parse_json(text, "");
  } catch (const Error&) {
    return text;
  }
}

void read_pretraining(YamlFields fields, Study& study) {
  PretrainRequest p;
  const YAML::Node config = fields.node("config");
  if (config.IsMap()) {
    for (const auto& entry : config) {
      p.config[entry.first.Scalar()] = value_of(fields.scalar(entry.second));
    }
  } else {
    const std::string path = fields.scalar(config);
    p.config = parse_json(MappedFile::open(path)->bytes(), path);
  }
  p.config = complete_config(p.config);
  fields.node("text");
  fields.node("steps");
  for (const Option& option : options_of(p)) {
    if (option.name != "seed") fields.read(option);  // from `seeds`
  }
  for (const std::int64_t seed : fields.integers("seeds")) {
    study.models.push_back({std::to_string(seed), {}, static_cast<std::uint64_t>(seed)});
  }
  fields.done();
  study.pretraining = p.resolved();
}

// Results are identified by these names.
template <typename Named>
void require_single(const YamlFields& fields, const YAML::Node& where, const char* key,
                    const std::vector<Named>& all) {
  std::set<std::string> met;
  for (const Named& item : all) {
    if (!met.insert(item.name).second)
      fields.wrong(where, "{}: '{}' appears twice", key, item.name);
  }
}

// models: a list of folders, or {pretrain: {...}}.
void read_models(YamlFields& root, Study& study) {
  const YAML::Node models = root.node("models");
  if (models.IsMap()) {
    YamlFields fields = root.map("models");
    read_pretraining(fields.map("pretrain"), study);
    fields.done();
  } else {
    std::vector<fs::path> folders;
    for (const YAML::Node& item : models) folders.emplace_back(root.scalar(item));
    const std::vector<std::string> names = folder_names(folders);
    for (std::size_t i = 0; i < folders.size(); ++i) {
      study.models.push_back({names[i], folders[i], 0});
    }
  }
  if (study.models.size() < 2) root.wrong(models, "models: expected at least two");
  if (study.models.size() > most_models) {
    root.wrong(models, "models: found {}, expected at most {}", study.models.size(), most_models);
  }
  require_single(root, models, "models", study.models);
}

std::size_t find_model(const Study& study, const std::string& name, const YamlFields& root,
                       const YAML::Node& where) {
  for (std::size_t i = 0; i < study.models.size(); ++i) {
    if (study.models[i].name == name) return i;
  }
  root.wrong(where, "pairs: no model is named '{}'", name);
}

// pairs: all, or a list of [A, B].
void read_pairs(YamlFields& root, Study& study) {
  const YAML::Node pairs = root.has("pairs") ? root.node("pairs") : YAML::Load("all");
  if (pairs.IsScalar()) {
    if (root.scalar(pairs) != "all") root.wrong(pairs, "pairs: expected all, or a list of [A, B]");
    for (std::size_t i = 0; i < study.models.size(); ++i) {
      for (std::size_t j = i + 1; j < study.models.size(); ++j) study.pairs.emplace_back(i, j);
    }
    return;
  }
  for (const YAML::Node& pair : pairs) {
    if (!pair.IsSequence() || pair.size() != 2) root.wrong(pair, "pairs: expected [A, B]");
    const std::size_t a = find_model(study, root.scalar(pair[0]), root, pair),
                      b = find_model(study, root.scalar(pair[1]), root, pair);
    if (a == b) root.wrong(pair, "pairs: '{}' is paired with itself", study.models[a].name);
    const std::pair both{a, b};
    if (std::find(study.pairs.begin(), study.pairs.end(), both) != study.pairs.end()) {
      root.wrong(pair, "pairs: [{}, {}] appears twice", study.models[a].name, study.models[b].name);
    }
    study.pairs.push_back(both);
  }
  if (study.pairs.empty()) root.wrong(pairs, "pairs: the list is empty");
}

// The options that the task does not set itself (name, dev file, example length, score range).
FinetuneRequest read_finetuning(YamlFields fields, const ScoreRequest& score) {
  FinetuneRequest f;
  f.task = score.task;
  f.dev = score.data;
  f.max_length = score.example;
  f.score_range = score.score_range;
  fields.node("data");
  const std::set<std::string> elsewhere = {"task", "dev", "max-length", "score-range"};
  for (const Option& option : options_of(f)) {
    if (!elsewhere.contains(option.name)) fields.read(option);
  }
  fields.done();
  return f;
}

// The text that a task's models are aligned on: the task's own training set, or `align`.
StudyText read_text(YamlFields& fields, const StudyTask& task) {
  StudyText text;
  text.max_length = task.score.example;
  if (task.finetuning) {
    text.file = task.finetuning->data;
    text.task = task.name;
  }
  if (fields.has("align")) {
    YamlFields align = fields.map("align");
    AlignRequest read;
    read.max_length = text.max_length;
    align.read(options_of(read).find("max-length"));
    text.max_length = read.max_length;
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
  for (const Option& option : options_of(s)) fields.read(option);
  if (s.file().empty()) {
    fields.wrong(fields.self(), "task {}: {} is missing", s.task,
                 s.scores_tokens() ? "text or batches" : "data");
  }
  if (fields.has("finetune")) {
    task.finetuning = read_finetuning(fields.map("finetune"), s);
  }
  task.align = read_text(fields, task);
  fields.done();
  return task;
}

// published: {task: a number, or [mean, standard error]}
void read_published(const YamlFields& fields, const YAML::Node& published, StudyVariant& variant) {
  if (!published.IsMap()) fields.wrong(published, "published: expected task: number");
  for (const auto& entry : published) {
    const YAML::Node key = entry.first, value = entry.second;
    const std::string task = fields.scalar(key);
    try {
      find_task(task);  // need not be one of this study
    } catch (const Error& error) {
      fields.wrong(key, "published: {}", error.what());
    }
    if (value.IsSequence() && value.size() != 2) {
      fields.wrong(value, "published: {} numbers, expected [mean, standard error]", value.size());
    }
    variant.published[task] =
        value.IsSequence() ? Json(value.as<std::vector<double>>()) : Json(value.as<double>());
  }
}

StudyVariant read_variant(YamlFields fields) {
  StudyVariant v;
  v.name = fields.text("name");
  std::string align;
  fields.read("align", align);
  if (!align.empty() && align != "none") {
    fields.wrong(fields.self(),
                 "align: expected none; omit it to align, by preset, components, ...");
  }
  v.aligned = align.empty();
  // These come from the task and the study.
  const std::set<std::string> elsewhere = {"task", "max-length", "blocks", "lines", "points"};
  OptionList options = options_of(v.align);
  options.append(options_of(v.curve));
  for (const Option& option : options) {
    const bool settles = option.use == Use::features || option.use == Use::result;
    if (settles && !elsewhere.contains(option.name)) fields.read(option);
  }
  if (v.align.found_by().needs.start && !v.align.started_by()) {
    fields.wrong(fields.self(), "start: '{}' is not a method that needs no start itself",
                 v.align.start);
  }
  if (fields.has("published")) read_published(fields, fields.node("published"), v);
  fields.done();
  return v;
}

YAML::Node parse(const fs::path& file, const std::map<std::string, std::string>& values) {
  const auto mapped = MappedFile::open(file);
  const std::string_view text = mapped->bytes();
  require(text.size() <= longest_file, "{}: {} bytes, expected a study of at most {}",
          file.string(), text.size(), longest_file);
  require(is_valid_utf8(text), "{}: is not valid UTF-8", file.string());
  for (const auto& [name, value] : values) {
    require(text.find("${" + name + "}") != text.npos,
            "{}: does not contain ${{{}}}, so `set` {}={} would have no effect", file.string(),
            name, name, value);
  }
  YAML::Node root = YAML::Load(std::string(text));
  require_single_keys(root, file.string());
  return root;
}

Study read(const fs::path& file, const std::map<std::string, std::string>& values) {
  const YAML::Node root = parse(file, values);
  std::map<std::string, std::string> defined = values;
  if (root.IsMap() && root["define"]) {
    for (const auto& entry : root["define"]) {
      const std::string name = entry.first.Scalar();
      require(entry.second.IsScalar(), "{}:{}: define: {} is not a single value", file.string(),
              entry.second.Mark().line + 1, name);
      defined.emplace(name, entry.second.Scalar());
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
  if (study.points < 2) fields.wrong(fields.node("points"), "points: expected at least 2");
  std::string moments = "keep";
  fields.read(options_of(study.compute).find("precision"));
  fields.read("moments", moments);
  if (moments != "keep" && moments != "drop") {
    fields.wrong(fields.node("moments"), "moments: expected keep or drop");
  }
  study.keep_moments = moments == "keep";
  if (fields.has("sizes")) {
    study.sizes = fields.integers("sizes");
    std::sort(study.sizes.begin(), study.sizes.end());
    const bool twice =
        std::adjacent_find(study.sizes.begin(), study.sizes.end()) != study.sizes.end();
    const bool fits = !study.sizes.empty() && study.sizes.front() >= (study.sizes.size() > 1);
    if (!fits || twice) {
      fields.wrong(fields.node("sizes"),
                   "sizes: expected distinct numbers of lines, or 0 (all) alone");
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
      v.wrong(v.self(), "method: learned minimises a token loss, which {} does not have",
              task.name);
    }
  }
  require_single(fields, fields.node("tasks"), "tasks", study.tasks);
  require_single(fields, fields.node("variants"), "variants", study.variants);
  if (study.tasks.empty() || study.variants.empty()) {
    fields.wrong(root, "expected at least one task and one variant");
  }
  fields.done();
  return study;
}

}  // namespace

Study read_study(const fs::path& file, const std::map<std::string, std::string>& values) {
  try {
    return read(file, values);
  } catch (const YAML::Exception& error) {  // invalid YAML, or a value of the wrong type
    fail("{}:{}: {}", file.string(), error.mark.line + 1, error.msg);
  }
}

}  // namespace braid
