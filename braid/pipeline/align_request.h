// AlignRequest: an alignment asked for, as the command line, study files and programs do.
#pragma once

#include "braid/alignment/observe.h"
#include "braid/compute.h"
#include "braid/methods/method.h"
#include "braid/pipeline/options.h"
#include "braid/tasks/tasks.h"
#include "braid/training/training_text.h"

namespace braid {

enum class Preset { paper, best };

struct AlignRequest {
  std::string table;  // file of the architecture; empty: the folders' own family

  // Files. What is aligned on is one of: text, task with data, batches, features, from_moments; a
  // method that reads the weights alone needs none.
  std::string text, data, batches;
  std::vector<std::string> features;  // of A and of B
  std::vector<std::string> from_moments;
  std::string moments;         // where to save what is observed; empty: nowhere
  std::string learning_state;  // where learning goes on from when it was stopped; empty: nowhere

  // How text is read.
  std::string task;
  std::optional<std::int64_t> max_length;  // none: 512, or the model's positions
  std::int64_t lines = 0, batch_size = 0;
  bool blocks = false;  // of max_length tokens, rather than lines
  bool drop_special = false;
  Pool pool = Pool::none;
  std::optional<bool> canonicalise;  // both models first

  // What moves, and how. What is not given is the preset's.
  Preset preset = Preset::best;
  std::set<std::string> components;
  std::optional<Heads> heads;
  std::optional<QueryKey> query_key;
  std::optional<ResidualTaps> residual;
  std::optional<InHead> in_head;
  std::optional<bool> signs;  // may units change theirs?
  bool absolute = false;
  std::string method = "activations";
  std::string start = "activations";  // of learning: another method, or an alignment file
  std::int64_t starts = 3;            // of matching weights
  std::uint64_t seed = 0;             // of learning and of the starts
  LearnOptions learning;
  TrainingText learning_text;  // how text is read to learn on; files and seed are the request's

  // Error where what is given does not go together.
  void check() const;
  // Error naming what says how to align, where `instead` says that nothing is aligned.
  void require_no_method(const std::string& instead) const;
  // With everything that was left to the preset: what a model has, and shows where features are
  // read, is moved.
  AlignRequest resolved(const Symmetries& symmetries) const;
  // Are models of this family, by its title, brought to canonical form first?
  bool canonicalises(const std::string& family) const;
  // The checkpoint as it is aligned.
  Model load(const std::filesystem::path& folder) const;
  // Tokens of a line. Error where the model has not so many positions, or no forward pass.
  std::int64_t length_for(const Model& model) const {
    return sequence_length(network_of(model), max_length, 512, "max-length");
  }
  // Of a resolved request.
  MethodOptions method_options() const;
  // The method, and the one whose alignment it starts from: null where it needs none, or where that
  // is a file.
  const Method& found_by() const { return find_method(method); }
  const Method* started_by() const;
  // Is a text read, for features or for losses? For features?
  bool reads_text() const { return learns() || observes(); }
  bool observes() const;
  bool learns() const { return found_by().needs.losses; }
  bool has_text() const { return !text_file().empty() || !batches.empty(); }
  bool has_features() const { return !features.empty(); }
  // Error unless there is something to align on where the method reads any.
  void require_text() const;
  const std::string& text_file() const { return task.empty() ? text : data; }
  // Null without a task.
  const Task* text_task() const;
  // All of ObserveOptions but taps. `special`: ids of the tokens that mark a sequence.
  ObserveOptions observe_options(const std::vector<std::int64_t>& special,
                                 const Compute& compute) const;
  // What learning an alignment, or healing a merged model, trains on.
  TrainingText training_text() const;

 private:
  void keep_those_shown(const Symmetries& symmetries, std::set<std::string>& wished) const;
};

OptionList options_of(AlignRequest& request);
OptionList options_of(Compute& compute);

// What the moments depend on, and what the alignment does: for provenance and keys.
nlohmann::json features_json(const AlignRequest& request, const Compute& compute);
nlohmann::json result_json(const AlignRequest& request, const Compute& compute);

// What an alignment was asked for as, but for the files that were read: asked again of the same
// files it is the same alignment. Error naming an option that this version does not know.
std::pair<AlignRequest, Compute> request_of(const Alignment& alignment);

}  // namespace braid
