#include "braid/families/bert_encoder.h"

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

std::int64_t rows_of_words(const Json& config) { return config_size(config, "vocab_size", 30522); }
std::int64_t rows_of_positions(const Json& config) {
  return config_size(config, "max_position_embeddings", 512);
}

std::int64_t rows_of_types(const EncoderNames& names, const Json& config) {
  return names.types.empty() ? 0 : config_size(config, "type_vocab_size");
}

Activation activation(const Json& config) { return Activation(config, "hidden_act", "gelu"); }

Json over(Json defaults, const Json& own) {
  defaults.update(own);
  return defaults;
}

}  // namespace

EncoderNames bert_names(const Json&) { return names_of_bert(); }

std::unique_ptr<Network> BertEncoder::network(const Json& given, const Parts& parts) const {
  const Json config = with_defaults(*family, given);
  EncoderNames own = names(config);
  Sizes sizes{config_layers(config, "num_hidden_layers"),
              config_size(config, "num_attention_heads"),
              rows_of_words(config),
              rows_of_positions(config),
              rows_of_types(own, config),
              config_fields(config).number("layer_norm_eps", 0),
              activation(config)};
  if (places_behind_pad) {
    const std::optional<std::int64_t> pad = config_token(config, "pad_token_id");
    require(pad && *pad + 1 < sizes.positions,
            "config.json: positions are counted from pad_token_id + 1, but pad_token_id is {}; "
            "expected "
            "a token below max_position_embeddings {}",
            pad ? std::to_string(*pad) : "null", sizes.positions);
    sizes.positions -= *pad + 1;
    sizes.uncounted = pad;
  }
  if (disentangled) sizes.scores.terms = own.distances.terms();
  return std::make_unique<Encoder>(std::move(sizes), std::move(own),
                                   head_parts(*family, parts, parts.has("pooler") ? pooler : ""));
}

Symmetries BertEncoder::ablate(const Json& given, const Parts& parts,
                               const Ablation& ablation) const {
  const Json config = with_defaults(*family, given);
  check_encoder(config);
  if (check) check(config);
  const EncoderNames own = names(config);
  EncoderSizes sizes{config_layers(config, "num_hidden_layers"),
                     config_size(config, "num_attention_heads"),
                     config_size(config, "hidden_size"),
                     config_size(config, "intermediate_size"),
                     rows_of_words(config),
                     rows_of_positions(config),
                     rows_of_types(own, config),
                     activation(config)};
  if (!own.projection.empty()) sizes.embedding = config_size(config, "embedding_size");
  if (one_layer) sizes.applications = std::exchange(sizes.layers, 1);
  EncoderTable table(*family, own, sizes, ablation, {"hidden_size", "num_attention_heads"});
  if (parts.has("pooler")) table.add_pooler(pooler);
  if (parts.has("masked LM")) {
    table.add_masked_head(masked, is_tied(config), parts.has("decoder bias"));
  }
  return std::move(table).build(config, parts);
}

std::vector<Tie> BertEncoder::ties(const Json& given) const {
  const Json config = with_defaults(*family, given);
  return masked_head_ties(masked, names(config).words, config);
}

Family BertEncoder::complete(Family own) const {
  own.renamed_suffixes = {{"LayerNorm.gamma", "LayerNorm.weight"},
                          {"LayerNorm.beta", "LayerNorm.bias"}};
  if (own.buffer_suffixes.empty()) {
    own.buffer_suffixes = {"embeddings.position_ids", "embeddings.token_type_ids"};
  }
  own.parts.push_back({"token classifier", "classifier.", false, false,
                       linear_head(Predicts::token_label, Reads::tokens, "classifier")});
  own.parts.push_back({"question answering", "qa_outputs.", false, false,
                       linear_head(Predicts::span, Reads::tokens, "qa_outputs")});
  own.defaults = over({{"hidden_act", "gelu"},
                       {"layer_norm_eps", 1e-12},
                       {"type_vocab_size", 2},
                       {"pad_token_id", 0},
                       {"hidden_dropout_prob", 0.0},
                       {"attention_probs_dropout_prob", 0.0},
                       {"initializer_range", 0.02},
                       {"tie_word_embeddings", true}},
                      own.defaults);
  own.sample = over({{"model_type", own.model_type},
                     {"hidden_size", 24},
                     {"num_hidden_layers", 2},
                     {"num_attention_heads", 3},
                     {"intermediate_size", 40},
                     {"vocab_size", 37},
                     {"max_position_embeddings", 16},
                     {"num_labels", 3}},
                    own.sample);
  own.initialisation = {disentangled ? "" : names_of_bert().positions,
                        Initialisation::Branches::later};
  return own;
}

}  // namespace braid
