// AlignRequest: an alignment asked for in words, as the command line and study files do.
#pragma once

#include "braid/alignment/observe.h"
#include "braid/methods/method.h"

namespace braid {

struct AlignRequest {
  std::string preset = "best", components, heads, query_key, residual, correlation = "signed",
              special_tokens = "keep", pool = "none", method = "activations", in_head,
              start = "activations";  // of learning: another method, or an alignment file
  std::int64_t max_length = 512, batch_size = 0, lines = 0;
  bool canonicalise = false;  // both models first
  bool blocks = false;        // text in blocks of max_length tokens rather than in lines
  WeightOptions weights;

  // Preset and the rest together; a preset leaves out what the model does not have. Error naming
  // the option and its choices.
  MatchOptions match_options(const Symmetries& symmetries) const;
  // How the alignment, or what learning starts from, is found; nothing where that is a file.
  std::optional<std::string> closed_form() const;
  bool learns() const { return method == "learned"; }
  // Is text read, for features or for learning? For features?
  bool reads_text() const;
  bool observes() const;
  // All of ObserveOptions but taps, precision and threads. `special`: ids of [CLS] and [SEP].
  ObserveOptions observe_options(const std::vector<std::int64_t>& special) const;
  // What was asked, with every default filled in.
  nlohmann::json provenance(const MatchOptions& options) const;

  // The choices of each option.
  static const std::vector<std::string>& choices(const std::string& option);
};

}  // namespace braid
