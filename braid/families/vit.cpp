// ViT (Dosovitskiy et al. 2021), and DeiT (Touvron et al. 2021), with a second token for
// distillation: pre-LN encoders of images.
#include <array>

#include "braid/error.h"
#include "braid/families/pre_norm_table.h"

namespace braid {

extern const Family vit, deit;

namespace {

using Json = nlohmann::json;

const std::string class_token = "embeddings.cls_token",
                  teacher_token = "embeddings.distillation_token", pooler = "pooler.dense";

const Family& family_of(const Json& config) {
  return config.at("model_type") == deit.model_type ? deit : vit;
}

PreNormNames names_of(const Family& family) {
  PreNormNames names = {.positions = "embeddings.position_embeddings",
                        .patches = "embeddings.patch_embeddings.projection",
                        .first_tokens = {class_token},
                        .layer = "encoder.layer.*.",
                        .attention_norm = "layernorm_before",
                        .query_key_value = {"attention.attention.query", "attention.attention.key",
                                            "attention.attention.value"},
                        .attention_output = "attention.output.dense",
                        .ffn_norm = "layernorm_after",
                        .ffn_in = "intermediate.dense",
                        .ffn_out = "output.dense",
                        .norm = "layernorm"};
  if (&family == &deit) names.first_tokens.push_back(teacher_token);
  return names;
}

// Height and width, given as one number or two.
std::array<std::int64_t, 2> sides(const Json& config, const char* key) {
  const JsonField field = config_fields(config).at(key);
  if (!field.json().is_array()) return {config_size(config, key), config_size(config, key)};
  const std::vector<JsonField> both = field.items();
  require(both.size() == 2, "{}: {} numbers, expected height and width", field.where(),
          both.size());
  constexpr std::int64_t most = 1 << 16;
  const std::array<std::int64_t, 2> found = {both[0].integer(1), both[1].integer(1)};
  require(found[0] <= most && found[1] <= most, "{}: {} x {} is too large, at most {} each",
          field.where(), found[0], found[1], most);
  return found;
}

// config.json with defaults, and its image settings.
struct Settings {
  const Family& family;
  Json config;
  std::int64_t width, heads, channels;
  std::array<std::int64_t, 2> image, patch;

  explicit Settings(const Json& given)
      : family(family_of(given)),
        config(with_defaults(family, given)),
        width(config_size(config, "hidden_size")),
        heads(config_size(config, "num_attention_heads")),
        channels(config_size(config, "num_channels")),
        image(sides(config, "image_size")),
        patch(sides(config, "patch_size")) {
    require(width % heads == 0,
            "config.json: hidden_size {} is not a multiple of num_attention_heads {}", width,
            heads);
    require(patch[0] <= image[0] && patch[1] <= image[1],
            "config.json: patch_size {} is larger than image_size {}",
            config.at("patch_size").dump(), config.at("image_size").dump());
  }

  std::int64_t layers() const { return config_layers(config, "num_hidden_layers"); }
  std::int64_t tokens(const PreNormNames& names) const {
    return image[0] / patch[0] * (image[1] / patch[1]) + std::ssize(names.first_tokens);
  }
};

void check_pooler(const Settings& settings) {
  const Json& config = settings.config;
  const std::string activation = config_fields(config).text("pooler_act", "tanh");
  require(activation == "tanh", "config.json: pooler_act '{}' is not supported, only tanh",
          activation);
  const Json size = config.value("pooler_output_size", Json());
  require(size.is_null() || size == settings.width,
          "config.json: pooler_output_size {} is not supported, only hidden_size {}", size.dump(),
          settings.width);
}

std::unique_ptr<Network> network(const Json& given, const Parts& parts) {
  const Settings settings(given);
  const Json& config = settings.config;
  const PreNormNames names = names_of(settings.family);
  Sizes sizes{settings.layers(),
              settings.heads,
              0,  // words
              settings.tokens(names),
              0,  // types
              config_fields(config).number("layer_norm_eps", 0),
              Activation(config, "hidden_act", "gelu")};
  sizes.image = {settings.channels, settings.image[0], settings.image[1]};
  PreNormForm form;
  form.causal = false;
  return std::make_unique<PreNorm>(
      std::move(sizes), names, std::move(form),
      head_parts(settings.family, parts, parts.has("pooler") ? pooler : ""));
}

std::vector<Tie> ties(const Json&) { return {}; }

Symmetries describe(const Json& given, const Parts& parts) {
  const Settings settings(given);
  const Json& config = settings.config;
  const PreNormNames names = names_of(settings.family);
  const std::int64_t width = settings.width, units = width / settings.heads;
  SymmetriesBuilder table(settings.family.title, settings.layers());
  const bool unit = parts.unit_gains;
  table.axis({"x", width, unit ? Group::centred_orthogonal : Group::permutation, "residual", ""})
      .axis(ffn_axis(config_size(config, "intermediate_size"),
                     Activation(config, "hidden_act", "gelu")));
  add_head_axes(table, settings.heads, units, Group::general);
  const auto norm = [&](const std::string& name) {
    unit ? add_unit_norm(table, name, "x", width) : add_norm(table, name, "x");
  };
  const auto map = [&](const std::string& name, const char* out, const char* in,
                       bool biased = true) {
    add_linear(table, names.layer + name, out, in, biased);
  };
  for (const std::string& token : names.first_tokens) table.tensor(token, "_1 _1 x");
  table.tensor(names.positions, "_1 _" + std::to_string(settings.tokens(names)) + " x");
  table.tensor(names.patches + ".weight", fmt::format("x _{} _{} _{}", settings.channels,
                                                      settings.patch[0], settings.patch[1]));
  table.tensor(names.patches + ".bias", "x");
  table.tap("embeddings", "x", "residual");
  const bool biased = config_fields(config).boolean("qkv_bias", true);
  norm(names.layer + names.attention_norm);
  map(names.query_key_value[0], "(head qk)", "x'", biased);
  map(names.query_key_value[1], "(head qk')", "x'", biased);
  map(names.query_key_value[2], "(head ov)", "x'", biased);
  map(names.attention_output, "x", "(head ov')");
  norm(names.layer + names.ffn_norm);
  map(names.ffn_in, "ffn", "x'");
  map(names.ffn_out, "x", "ffn'");
  norm(names.norm);
  add_pre_norm_taps(table);
  if (parts.has("pooler")) {
    check_pooler(settings);
    table.axis({"pooled", width, Group::signed_permutation, "pooler", ""});
    add_linear(table, pooler, "pooled", "x'");
    table.tap("pooler", "pooled", "pooler");
  }
  add_linear_heads(table, config, settings.family, parts, {"pooled", "x", width});
  if (parts.returns_stream) {
    table.returned("x");
    if (parts.has("pooler")) table.returned("pooled");
  }
  return std::move(table).build("");
}

std::vector<Fold> folds(const Json& given) {
  const Settings settings(given);
  return pre_norm_folds(names_of(settings.family), settings.layers(),
                        {"classifier", "cls_classifier", "distillation_classifier", pooler});
}

Head taught_classifier() {
  Head head = linear_head(Predicts::label, Reads::first, "cls_classifier");
  head.teacher = "distillation_classifier";
  return head;
}

// `model`: prefix of class names.
Family family_named(const std::string& model_type, const std::string& title,
                    const std::string& model) {
  return {.model_type = model_type,
          .title = title,
          .prefix = model_type + ".",
          .parts = {{"pooler", "pooler.", true},
                    {"classifier", "classifier.", false, false,
                     linear_head(Predicts::label, Reads::first, "classifier")}},
          .classes = {{model + "ForImageClassification", {"classifier"}},
                      {model + "Model", {"pooler"}}},
          .defaults = {{"hidden_size", 768},
                       {"num_hidden_layers", 12},
                       {"num_attention_heads", 12},
                       {"intermediate_size", 3072},
                       {"hidden_act", "gelu"},
                       {"layer_norm_eps", 1e-12},
                       {"image_size", 224},
                       {"patch_size", 16},
                       {"num_channels", 3},
                       {"qkv_bias", true},
                       {"hidden_dropout_prob", 0.0},
                       {"attention_probs_dropout_prob", 0.0},
                       {"initializer_range", 0.02}},
          .sample = {{"model_type", model_type},
                     {"hidden_size", 24},
                     {"num_hidden_layers", 2},
                     {"num_attention_heads", 3},
                     {"intermediate_size", 40},
                     {"image_size", {8, 12}},
                     {"patch_size", 4},
                     {"num_labels", 3}},
          .dropout = {"hidden_dropout_prob", "attention_probs_dropout_prob", 0},
          .ties = ties,
          .describe = describe,
          .network = network,
          .folds = folds};
}

Family taught(Family family) {
  family.parts.push_back(
      {"taught classifier", "cls_classifier.", false, false, taught_classifier()});
  family.parts.push_back({"teacher", "distillation_classifier."});
  family.classes.insert(family.classes.begin() + 1, {"DeiTForImageClassificationWithTeacher",
                                                     {"taught classifier", "teacher"}});
  return family;
}

}  // namespace

const Family vit = family_named("vit", "ViT", "ViT");
const Family deit = taught(family_named("deit", "DeiT", "DeiT"));

}  // namespace braid
