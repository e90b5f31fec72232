// AlignRequest: an alignment as the command line, study files and programs request it.
#pragma once

#include "braid/alignment/observe.h"
#include "braid/compute.h"
#include "braid/methods/method.h"
#include "braid/pipeline/options.h"
#include "braid/tasks/tasks.h"
#include "braid/training/training_text.h"

namespace braid {

enum class Preset { paper, best };

// The files that an alignment is computed from, and how they are read. At most one source is given:
// text, task with data, batches, features or from_moments; methods that only read weights need
// none.
struct AlignSource {
  std::string table;  // file of the architecture; empty: the family of the folders
  std::string text, data, batches;
  std::vector<std::string> features;  // of A and of B
  std::vector<std::string> from_moments;
  std::string moments;         // file to save moments to; empty: not saved
  std::string learning_state;  // file that interrupted learning resumes from; empty: none

  std::string task;
  std::int64_t lines = 0, batch_size = 0;
  bool blocks = false;  // of max_length tokens, rather than lines
  bool drop_special = false;
  Pool pool = Pool::none;
  TrainingText learning_text;  // how learning reads text; its files and seed are those given here
  std::uint64_t seed = 0;      // of learning and of the starts

  bool has_text() const { return !text_file().empty() || !batches.empty(); }
  bool has_features() const { return !features.empty(); }
  const std::string& text_file() const { return task.empty() ? text : data; }
  // The file that is read, text or batches.
  const std::string& file() const { return batches.empty() ? text_file() : batches; }
  // Null without a task.
  const Task* text_task() const;
  // ObserveOptions without taps. `special`: ids of the special tokens.
  ObserveOptions observe_options(const std::vector<std::int64_t>& special,
                                 const Compute& compute) const;
  // Text that learning an alignment, or healing a merged model, trains on.
  TrainingText training_text() const;
};

struct AlignRequest : AlignSource {
  std::optional<std::int64_t> max_length;  // none: 512, or the model's positions
  std::optional<bool> canonicalise;        // both models first

  // What moves, and how. Unset values come from the preset; see resolve (align_plan.h).
  Preset preset = Preset::best;
  std::set<std::string> components;
  std::optional<Heads> heads;
  std::optional<QueryKey> query_key;
  std::optional<ResidualTaps> residual;
  std::optional<InHead> in_head;
  std::optional<bool> signs;  // may units change sign?
  bool absolute = false;
  std::string method = "activations";
  std::string start = "activations";  // of learning: another method, or an alignment file
  std::int64_t starts = 3;            // of matching weights
  LearnOptions learning;

  // Throws if options contradict each other.
  void check() const;
  // Throws if the method needs something to align on and nothing is given.
  void require_text() const;
  // Throws if an option of aligning is set although `instead` disables aligning.
  void require_no_method(const std::string& instead) const;
  // The method, and the one whose alignment it starts from: null if it needs none or starts from a
  // file.
  const Method& found_by() const { return find_method(method); }
  const Method* started_by() const;
  // Are features read? Losses?
  bool observes() const;
  bool learns() const { return found_by().needs.losses; }
};

OptionList options_of(AlignRequest& request);
OptionList options_of(Compute& compute);

// The request that made an alignment, without its input files: with the same files it gives the
// same alignment. Throws on an option that this version does not know.
std::pair<AlignRequest, Compute> request_of(const Alignment& alignment);

}  // namespace braid
