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

// What an alignment is made from: files, and how they are read. Read is one of: text, task with
// data, batches, features, from_moments; nothing for a method that reads the weights alone.
struct AlignSource {
  std::string table;  // file of the architecture; empty: the folders' own family
  std::string text, data, batches;
  std::vector<std::string> features;  // of A and of B
  std::vector<std::string> from_moments;
  std::string moments;         // where to save what is observed; empty: nowhere
  std::string learning_state;  // where learning goes on from when it was stopped; empty: nowhere

  std::string task;
  std::int64_t lines = 0, batch_size = 0;
  bool blocks = false;  // of max_length tokens, rather than lines
  bool drop_special = false;
  Pool pool = Pool::none;
  TrainingText learning_text;  // how text is read to learn on; files and seed are these
  std::uint64_t seed = 0;      // of learning and of the starts

  bool has_text() const { return !text_file().empty() || !batches.empty(); }
  bool has_features() const { return !features.empty(); }
  const std::string& text_file() const { return task.empty() ? text : data; }
  // The file that is read, whatever is in it.
  const std::string& file() const { return batches.empty() ? text_file() : batches; }
  // Null without a task.
  const Task* text_task() const;
  // All of ObserveOptions but taps. `special`: ids of the tokens that mark a sequence.
  ObserveOptions observe_options(const std::vector<std::int64_t>& special,
                                 const Compute& compute) const;
  // What learning an alignment, or healing a merged model, trains on.
  TrainingText training_text() const;
};

struct AlignRequest : AlignSource {
  std::optional<std::int64_t> max_length;  // none: 512, or the model's positions
  std::optional<bool> canonicalise;        // both models first

  // What moves, and how. What is not given is the preset's; see resolve (align_plan.h).
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
  LearnOptions learning;

  // Error where what is given does not go together.
  void check() const;
  // Error unless there is something to align on where the method reads any.
  void require_text() const;
  // Error naming what says how to align, where `instead` says that nothing is aligned.
  void require_no_method(const std::string& instead) const;
  // The method, and the one whose alignment it starts from: null where it needs none, or where that
  // is a file.
  const Method& found_by() const { return find_method(method); }
  const Method* started_by() const;
  // Are features read? Losses?
  bool observes() const;
  bool learns() const { return found_by().needs.losses; }
};

OptionList options_of(AlignRequest& request);
OptionList options_of(Compute& compute);

// What an alignment was made by, but for the files that were read: asked again of the same
// files it is the same alignment. Error naming an option that this version does not know.
std::pair<AlignRequest, Compute> request_of(const Alignment& alignment);

}  // namespace braid
