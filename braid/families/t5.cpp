// T5 (Raffel et al. 2020), T5 1.1 and mT5 (Xue et al. 2021): encoder-decoders. Heads of a stack
// share one table of position biases, so they are permuted in all its layers together.
#include <cmath>

#include "braid/error.h"
#include "braid/families/rules.h"
#include "braid/networks/encoder_decoder.h"

namespace braid {

extern const Family t5, mt5;

namespace {

using Json = nlohmann::json;

const std::string words = "shared.weight", decoder = "lm_head";

const Family& family_of(const Json& config) {
  return config.at("model_type") == mt5.model_type ? mt5 : t5;
}

// feed_forward_proj: "relu", "gated-gelu".
struct FeedForward {
  bool gated = false;
  Activation activation;

  explicit FeedForward(const Json& config) : activation("relu") {
    constexpr std::string_view gate = "gated-";
    const std::string text = config_fields(config).text("feed_forward_proj", "relu");
    gated = text.starts_with(gate);
    const std::string function = gated ? text.substr(gate.size()) : text;
    // transformers reads "gated-gelu" as the tanh approximation.
    activation =
        Activation({{"feed_forward_proj", gated && function == "gelu" ? "gelu_new" : function}},
                   "feed_forward_proj", "relu");
  }
};

// True if decoder states are scaled before lm_head: in T5 except version 1.1, which is marked by
// tie_word_embeddings false. Whether lm_head is in fact tied is decided by the file.
bool scales_states(const Json& config) {
  if (config.at("model_type") == mt5.model_type) return false;
  return config_fields(config).boolean("scale_decoder_outputs", is_tied(config));
}

struct Settings {
  const Family& family;
  Json config;
  FeedForward ffn;

  explicit Settings(const Json& given)
      : family(family_of(given)), config(with_defaults(family, given)), ffn(config) {}

  std::int64_t size(const char* key) const { return config_size(config, key); }
  std::int64_t layers() const { return config_layers(config, "num_layers"); }
  std::int64_t decoder_layers() const {
    const bool own = config_fields(config).has("num_decoder_layers") &&
                     !config.at("num_decoder_layers").is_null();
    return own ? config_layers(config, "num_decoder_layers") : layers();
  }
};

EncoderDecoderNames names_of(const Settings& settings) {
  const auto attention = [](const std::string& layer, const std::string& kind) {
    const std::string map = layer + kind + ".";
    return EncoderDecoderNames::Attention{layer + "layer_norm", map + "q", map + "k", map + "v",
                                          map + "o"};
  };
  const bool gated = settings.ffn.gated;
  const auto ffn = [&](const std::string& layer) {
    const std::string map = layer + "DenseReluDense.";
    return EncoderDecoderNames::FeedForward{layer + "layer_norm", gated ? map + "wi_0" : "",
                                            map + (gated ? "wi_1" : "wi"), map + "wo"};
  };
  const std::string reads = "encoder.block.*.layer.", writes = "decoder.block.*.layer.";
  const std::string bias = "block.0.layer.0.SelfAttention.relative_attention_bias";
  return {words,
          {attention(reads + "0.", "SelfAttention"),
           {},
           ffn(reads + "1."),
           "encoder." + bias,
           "encoder.final_layer_norm"},
          {attention(writes + "0.", "SelfAttention"), attention(writes + "1.", "EncDecAttention"),
           ffn(writes + "2."), "decoder." + bias, "decoder.final_layer_norm"}};
}

std::unique_ptr<Network> network(const Json& given, const Parts& parts) {
  const Settings settings(given);
  const JsonField fields = config_fields(settings.config);
  constexpr std::int64_t any = 1 << 16;  // no limit: larger distances share the last bucket
  Sizes sizes{settings.layers(),
              settings.size("num_heads"),
              settings.size("vocab_size"),
              any,
              0,  // types
              fields.number("layer_norm_epsilon", 0),
              settings.ffn.activation,
              {.by_units = false}};
  sizes.norm = Norm::rms;
  sizes.pad = config_token(settings.config, "pad_token_id");
  const auto start = config_token(settings.config, "decoder_start_token_id");
  EncoderDecoderForm form;
  form.decoder_layers = settings.decoder_layers();
  form.buckets = settings.size("relative_attention_num_buckets");
  form.max_distance = settings.size("relative_attention_max_distance");
  form.start = start ? *start : sizes.pad.value_or(0);
  require(form.buckets >= 4 && form.max_distance > form.buckets / 2,
          "config.json: relative_attention_num_buckets {} and relative_attention_max_distance {} "
          "are inconsistent: expected at least 4 buckets and a distance above half their number",
          form.buckets, form.max_distance);
  require(form.start < sizes.vocabulary,
          "config.json: decoder_start_token_id is {}, outside the vocabulary of {}", form.start,
          sizes.vocabulary);
  HeadParts own = head_parts(settings.family, parts);
  for (Head& head : own.heads) {
    if (!scales_states(settings.config)) continue;
    head.scale = 1 / std::sqrt(static_cast<double>(settings.size("d_model")));
  }
  return std::make_unique<EncoderDecoder>(std::move(sizes), names_of(settings), form,
                                          std::move(own));
}

std::vector<Tie> ties(const Json&) {
  return {{"encoder.embed_tokens.weight", words},
          {"decoder.embed_tokens.weight", words},
          {decoder + ".weight", words}};
}

class Table {
 public:
  Table(const Settings& settings, bool unit)
      : settings_(settings),
        names_(names_of(settings)),
        unit_(unit),
        table_(settings.family.title, settings.layers() + settings.decoder_layers()) {}

  Symmetries build(const Parts& parts) && {
    const std::string width = std::to_string(settings_.size("d_model"));
    // One stream through both stacks: they share word embeddings.
    table_.axis({"x", settings_.size("d_model"),
                 unit_ ? Group::orthogonal : Group::signed_permutation, "residual", ""});
    const std::string rows = "_" + std::to_string(settings_.size("vocab_size")) + ":token";
    table_.tensor(words, rows + " x");
    const bool own = parts.has("decoder");
    if (!own) table_.also_read(words);
    add_stack(names_.encoder, "encoder_head", 0, settings_.layers(), "embeddings", "encoder_norm");
    add_stack(names_.decoder, "decoder_head", settings_.layers(), settings_.decoder_layers(),
              "written_embeddings", "final_norm");
    if (own) table_.tensor(decoder + ".weight", rows + " x'");
    return std::move(table_).build("");
  }

 private:
  void add_norm(const std::string& name) {
    table_.tensor(name + ".weight", unit_ ? "_" + std::to_string(settings_.size("d_model")) : "=x");
  }

  // Maps of heads on axis `head`; `kind`: prefix of the names of axes and taps.
  void add_attention(const EncoderDecoderNames::Attention& names, const std::string& head,
                     const std::string& kind, std::int64_t layer, std::int64_t i) {
    const auto name = [&](const std::string& part) { return with_index(part, i); };
    const std::string qk = of_layer(layer, kind + "qk"), ov = of_layer(layer, kind + "ov");
    for (const std::string& units : {qk, ov}) {
      table_.axis({units, settings_.size("d_kv"), Group::general, "attention", head});
    }
    add_norm(name(names.norm));
    add_linear(table_, name(names.query), "(" + head + " " + qk + ")", "x'", false);
    add_linear(table_, name(names.key), "(" + head + " " + qk + "')", "x'", false);
    add_linear(table_, name(names.value), "(" + head + " " + ov + ")", "x'", false);
    add_linear(table_, name(names.output), "x", "(" + head + " " + ov + "')", false);
    table_.tap(of_layer(layer, kind + "attention"), head + " " + ov, "attention");
    table_.tap(of_layer(layer, kind + "query"), head + " " + qk, "query_key");
    table_.tap(of_layer(layer, kind + "key"), head + " " + qk + "'", "query_key");
  }

  void add_feed_forward(const EncoderDecoderNames::FeedForward& names, std::int64_t layer,
                        std::int64_t i) {
    const auto name = [&](const std::string& part) { return with_index(part, i); };
    const std::string ffn = of_layer(layer, "ffn");
    Axis axis = ffn_axis(settings_.size("d_ff"), settings_.ffn.activation, settings_.ffn.gated);
    axis.name = ffn;
    table_.axis(axis);
    add_norm(name(names.norm));
    if (!names.gate.empty()) add_linear(table_, name(names.gate), "=" + ffn, "x'", false);
    add_linear(table_, name(names.in), ffn, "x'", false);
    add_linear(table_, name(names.out), "x", ffn + "'", false);
    table_.tap(ffn, ffn, "ffn");
  }

  void add_stack(const EncoderDecoderNames::Stack& names, const std::string& head,
                 std::int64_t first, std::int64_t layers, const char* embeddings,
                 const char* norm) {
    const std::int64_t heads = settings_.size("num_heads");
    table_.axis({head, heads, Group::permutation, "attention", ""});
    const std::int64_t buckets = settings_.size("relative_attention_num_buckets");
    table_.tensor(names.bias + ".weight", "_" + std::to_string(buckets) + " " + head);
    table_.tap(embeddings, "x", "residual");
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::int64_t layer = first + i;
      add_attention(names.own, head, "", layer, i);
      table_.tap(of_layer(layer, "attention_sum"), "x", "residual");
      if (!names.cross.norm.empty()) {
        const std::string cross = of_layer(layer, "cross_head");
        table_.axis({cross, heads, Group::permutation, "attention", ""});
        add_attention(names.cross, cross, "cross_", layer, i);
        table_.tap(of_layer(layer, "cross_sum"), "x", "residual");
      }
      add_feed_forward(names.ffn, layer, i);
      table_.tap(of_layer(layer, "output_sum"), "x", "residual");
    }
    add_norm(names.norm);
    table_.tap(norm, "x", "residual");
  }

  const Settings& settings_;
  const EncoderDecoderNames names_;
  const bool unit_;
  SymmetriesBuilder table_;
};

Symmetries describe(const Json& given, const Parts& parts) {
  const Settings settings(given);
  for (const char* key : {"is_decoder", "add_cross_attention"}) {
    require(!config_fields(settings.config).boolean(key, false), "config.json: {} is not supported",
            key);
  }
  require(config_fields(settings.config).boolean("is_encoder_decoder", true),
          "config.json: is_encoder_decoder false is not supported");
  return Table(settings, parts.unit_gains).build(parts);
}

std::vector<Fold> folds(const Json& given) {
  const Settings settings(given);
  const EncoderDecoderNames names = names_of(settings);
  std::vector<Fold> result;
  Fold memory{names.encoder.norm, {}};
  const auto add = [&](const EncoderDecoderNames::Stack& stack, std::int64_t layers) {
    for (std::int64_t i = 0; i < layers; ++i) {
      const auto name = [&](const std::string& part) { return with_index(part, i); };
      result.push_back({name(stack.own.norm),
                        {name(stack.own.query), name(stack.own.key), name(stack.own.value)}});
      if (!stack.cross.norm.empty()) {
        result.push_back({name(stack.cross.norm), {name(stack.cross.query)}});
        memory.readers.insert(memory.readers.end(),
                              {name(stack.cross.key), name(stack.cross.value)});
      }
      Fold ffn{name(stack.ffn.norm), {name(stack.ffn.in)}};
      if (!stack.ffn.gate.empty()) ffn.readers.push_back(name(stack.ffn.gate));
      result.push_back(std::move(ffn));
    }
  };
  add(names.encoder, settings.layers());
  add(names.decoder, settings.decoder_layers());
  result.push_back(std::move(memory));
  result.push_back({names.decoder.norm, {decoder}});
  return result;
}

Head language_model_of_writer() {
  Head head = language_model(decoder, words);
  head.predicts = Predicts::written;
  return head;
}

Family family_named(const std::string& model_type, const std::string& title,
                    const std::string& model, Json defaults) {
  defaults.update({{"d_model", 512},
                   {"d_kv", 64},
                   {"num_layers", 6},
                   {"num_heads", 8},
                   {"relative_attention_num_buckets", 32},
                   {"relative_attention_max_distance", 128},
                   {"layer_norm_epsilon", 1e-6},
                   {"pad_token_id", 0},
                   {"dropout_rate", 0.1}});
  return {.model_type = model_type,
          .title = title,
          .prefix = "",
          .other_keys = {{"hidden_size", "d_model"},
                         {"head_dim", "d_kv"},
                         {"num_attention_heads", "num_heads"},
                         {"num_hidden_layers", "num_layers"}},
          // Unused by the model.
          .buffer_suffixes = {"layer.1.EncDecAttention.relative_attention_bias.weight"},
          .parts = {{"LM", "lm_head.", false, true, language_model_of_writer()},
                    {"decoder", decoder + ".weight"}},
          .classes = {{model + "ForConditionalGeneration", {"LM"}}},
          .defaults = std::move(defaults),
          .sample = {{"model_type", model_type},
                     {"d_model", 24},
                     {"d_kv", 6},
                     {"d_ff", 20},
                     {"num_layers", 2},
                     {"num_decoder_layers", 2},
                     {"num_heads", 3},
                     {"vocab_size", 37},
                     {"relative_attention_num_buckets", 8},
                     {"relative_attention_max_distance", 12}},
          .dropout = {"dropout_rate", "dropout_rate", 0.1},
          .ties_by_file = true,
          .ties = ties,
          .describe = describe,
          .network = network,
          .folds = folds};
}

}  // namespace

const Family t5 = family_named("t5", "T5", "T5",
                               {{"vocab_size", 32128},
                                {"d_ff", 2048},
                                {"feed_forward_proj", "relu"},
                                {"tie_word_embeddings", true}});
const Family mt5 = family_named("mt5", "mT5", "MT5",
                                {{"vocab_size", 250112},
                                 {"d_ff", 1024},
                                 {"num_layers", 8},
                                 {"num_heads", 6},
                                 {"feed_forward_proj", "gated-gelu"}});

}  // namespace braid
