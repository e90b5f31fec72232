// Reads and writes the parts of a tokenizer.json; or reads a vocabulary and merges, with the parts
// of a transformers class.
#include "braid/text/pipeline_files.h"

#include "braid/error.h"
#include "braid/text/basic_tokens.h"
#include "braid/text/model_files.h"
#include "braid/text/post_processor.h"
#include "braid/text/tokenizer_json.h"
#include "braid/text/write_tokenizer.h"

namespace braid {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::pair<std::string, std::string> split_merge(std::string_view line, const std::string& where) {
  const std::size_t space = line.find(' ');
  const bool two = space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                   line.find(' ', space + 1) == std::string_view::npos;
  require(two, "{}: expected two pieces separated by a space, found '{:.80}'", where, line);
  return {std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
}

void read_merges(const Json& merges, PipelineDescription& description) {
  const std::string& source = description.source;
  require(merges.is_array(), "{}: expected model.merges to be a list, found {}", source,
          merges.type_name());
  for (const Json& merge : merges) {
    const bool pair =
        merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    require(pair || merge.is_string(), "{}: expected a merge to be two pieces, found {:.80}",
            source, merge.dump());
    description.merges.push_back(pair ? std::pair<std::string, std::string>(merge[0], merge[1])
                                      : split_merge(merge.get<std::string>(), source));
  }
}

void read_merges(const fs::path& path, PipelineDescription& description) {
  const std::string content = read_tokenizer_file(path);
  require(is_valid_utf8(content), "{}: is not valid UTF-8", path.string());
  std::string_view rest = content;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("#version")) continue;
    description.merges.push_back(
        split_merge(line, fmt::format("{}: line {}", path.string(), number)));
  }
}

// Unigram's vocabulary: pieces with scores, by id.
void read_scored_pieces(const Json& vocabulary, PipelineDescription& description) {
  const std::string& source = description.source;
  require(vocabulary.is_array(), "{}: expected the vocabulary to be a list, found {}", source,
          vocabulary.type_name());
  for (const Json& piece : vocabulary) {
    require(piece.is_array() && piece.size() == 2 && piece[0].is_string() && piece[1].is_number(),
            "{}: expected a piece and its score, found {:.80}", source, piece.dump());
    description.pieces.by_id.push_back(piece[0]);
    description.scores.push_back(piece[1]);
  }
  description.pieces.count = std::ssize(description.scores);
}

void read_model(Json model, PipelineDescription& description) {
  const std::string& source = description.source;
  require(model.is_object(), "{}: expected a model, found {}", source, model.type_name());
  // Old files lack the type.
  if (!model.contains("type")) model["type"] = model.contains("merges") ? "BPE" : "Unigram";
  if (model["type"] == "BPE") {
    description.pieces = read_pieces(member(model, "vocab"), source);
    read_merges(member(model, "merges"), description);
  } else if (model["type"] == "Unigram") {
    read_scored_pieces(member(model, "vocab"), description);
  }
  model.erase("vocab");
  model.erase("merges");
  description.model = std::move(model);
}

void read_vocabulary_and_merges(const TokenizerFolder& folder, PipelineDescription& description) {
  const TokenizerClass& type = *folder.settings.type;
  const fs::path vocabulary = folder.path / "vocab.json", merges = folder.path / "merges.txt";
  require(type.reads_merges, "{}: {} needs a tokenizer.json; save one with transformers",
          folder.path.string(), type.name);
  for (const fs::path& file : {vocabulary, merges}) {
    require(is_listed(file),
            "{}: does not exist; {} needs vocab.json and merges.txt, or a tokenizer.json",
            file.string(), type.name);
  }
  description.source = vocabulary.string();
  description.pieces = read_pieces(parse_object(vocabulary), description.source);
  read_merges(merges, description);
}

// The template of the file or of the class.
SequenceTemplate read_form(const TokenizerFolder& folder, const PipelineDescription& description) {
  const TokenizerSettings& settings = folder.settings;
  const TokenTable table(description);
  const bool of_class = !settings.type->as_written() && settings.type->form_counts;
  if (folder.json && !of_class) {
    const Json& processor = member(*folder.json, "post_processor");
    if (!processor.is_null() || settings.type->as_written()) {
      return read_post_processor(processor, table, description.source);
    }
  }
  const auto id_of = [&](const std::string& role) { return *table.find(settings.mark(role)); };
  if (settings.type->form) {
    const RoleTemplate& roles = *settings.type->form;
    SequenceTemplate form;
    for (const std::string& role : roles.before) form.before.push_back(id_of(role));
    for (const std::string& role : roles.after) form.after.push_back(id_of(role));
    form.between.emplace();
    for (const std::string& role : roles.between) form.between->push_back(id_of(role));
    form.typed = roles.typed;
    return form;
  }
  // transformers ignores these if there is a tokenizer.json.
  const auto marked = [&](const char* option, const char* role) -> std::optional<std::int64_t> {
    const bool wanted = !folder.json && read_flag(settings.options, option, false, settings.source);
    if (!wanted || !settings.names.contains(role)) return std::nullopt;
    return id_of(role);
  };
  return mark_ends(marked("add_bos_token", "bos_token"), marked("add_eos_token", "eos_token"));
}

}  // namespace

PipelineDescription read_pipeline(const TokenizerFolder& folder) {
  PipelineDescription description;
  const TokenizerClass& type = *folder.settings.type;
  if (folder.json) {
    description.source = (folder.path / "tokenizer.json").string();
    read_model(member(*folder.json, "model"), description);
    require(type.as_written() || description.model["type"] == type.model,
            "{}: expected a {} model for {}, found {}", description.source, type.model, type.name,
            description.model["type"].dump());
  } else {
    read_vocabulary_and_merges(folder, description);
  }
  if (type.as_written()) {
    description.normalizer = member(*folder.json, "normalizer");
    description.pre_tokenizer = member(*folder.json, "pre_tokenizer");
    description.decoder = member(*folder.json, "decoder");
  } else {
    type.parts(folder, description);
  }
  add_special_tokens(folder, description);
  description.form = read_form(folder, description);
  return description;
}

TokenizerFiles write_pipeline(const PipelineDescription& description, const TokenTable& table) {
  using Ordered = nlohmann::ordered_json;
  Ordered model = description.model;
  if (description.model["type"] == "Unigram") {
    const std::vector<std::string>& pieces = description.pieces.by_id;
    Ordered& vocabulary = model["vocab"] = Ordered::array();
    for (std::size_t id = 0; id < pieces.size(); ++id) {
      vocabulary.push_back({pieces[id], description.scores[id]});
    }
  } else {
    model["vocab"] = vocabulary_json(description.pieces);
    Ordered& merges = model["merges"] = Ordered::array();
    for (const auto& [left, right] : description.merges) merges.push_back({left, right});
  }
  const Ordered parts = {{"normalizer", description.normalizer},
                         {"pre_tokenizer", description.pre_tokenizer},
                         {"post_processor", write_post_processor(description.form, table)},
                         {"decoder", description.decoder},
                         {"model", model}};
  return {{"tokenizer.json", tokenizer_json_text(description, parts)},
          {"tokenizer_config.json",
           tokenizer_config_text(description, {{"tokenizer_class", "PreTrainedTokenizerFast"}})}};
}

}  // namespace braid
