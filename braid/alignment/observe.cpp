#include "braid/alignment/observe.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {
namespace {

// Sequences of similar length that pass through a model together.
struct MicroBatch {
  Batch batch;
  at::Tensor kept;       // rows of the flattened (B * T) features to count, int64
  at::Tensor kept_mask;  // (B, T) bool: what pooling looks at
  std::int64_t first_token = 0, tokens = 0;  // rows of the chunk's features, one per counted token
  std::int64_t first_sequence = 0;           // the same with one row per sequence
  std::int64_t sequences() const { return batch.rows(); }
};

struct Chunk {
  std::vector<MicroBatch> batches;
  std::int64_t length = 0;                 // tokens read
  std::int64_t tokens = 0, sequences = 0;  // rows of features
};

// Tokens of a sequence in the forward pass.
std::int64_t length_of(const TokenSequence& sequence, const Network& network) {
  return network.reads_images() ? network.tokens({}) : sequence.size();
}

bool counts(std::int64_t id, const ObserveOptions& options) {
  const auto& dropped = options.dropped_ids;
  return std::find(dropped.begin(), dropped.end(), id) == dropped.end();
}

// True if none of its tokens counts.
bool shows_nothing(const TokenSequence& sequence, const ObserveOptions& options) {
  return !sequence.pixels.defined() &&
         std::none_of(sequence.ids.begin(), sequence.ids.end(),
                      [&](std::int64_t id) { return counts(id, options); });
}

MicroBatch make_batch(const std::vector<TokenSequence>& sequences, const Network& network,
                      const ObserveOptions& options) {
  MicroBatch result;
  result.batch = pad(sequences);
  const std::int64_t length = network.tokens(result.batch);
  // Every token of an image counts.
  result.kept_mask = at::full({result.batch.rows(), length}, network.reads_images(), at::kBool);
  std::vector<std::int64_t> kept(
      static_cast<std::size_t>(network.reads_images() ? result.kept_mask.numel() : 0));
  std::iota(kept.begin(), kept.end(), 0);
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const auto& ids = sequences[i].ids;
    for (std::size_t j = 0; j < ids.size(); ++j) {
      if (!counts(ids[j], options)) continue;
      kept.push_back(static_cast<std::int64_t>(i) * length + static_cast<std::int64_t>(j));
      result.kept_mask.data_ptr<bool>()[kept.back()] = true;
    }
  }
  result.kept = at::tensor(kept, at::kLong).to(options.compute.device);
  result.kept_mask = result.kept_mask.to(options.compute.device);
  result.batch = result.batch.to(options.compute.device);
  result.tokens = result.kept.size(0);
  return result;
}

// (B, T, units) -> the counted or pooled rows (rows, units).
at::Tensor select_rows(const at::Tensor& features, const MicroBatch& batch, Pool pool) {
  if (features.dim() == 2 || pool == Pool::cls) {  // the pooler's, or [CLS]
    return features.dim() == 2 ? features : features.select(1, 0);
  }
  const at::Tensor mask = batch.kept_mask.unsqueeze(-1);
  switch (pool) {
    case Pool::none:
      return features.flatten(0, 1).index_select(0, batch.kept);
    case Pool::max:
      return std::get<0>(
          features.masked_fill(~mask, -std::numeric_limits<double>::infinity()).max(1));
    default: {
      return features.masked_fill(~mask, 0).sum(1) / mask.sum(1);
    }
  }
}

// Adds a model's features, times its weight, to those of the chunk.
void run(const Network& network, const Tensors& parameters, double weight, const MicroBatch& batch,
         Pool pool, std::map<std::string, at::Tensor>& features,
         const std::set<std::string>& names) {
  const Taps taps{names, [&](const std::string& name, const at::Tensor& x) {
                    const at::Tensor rows = select_rows(x, batch, pool);
                    const bool per_sequence = x.dim() == 2 || pool != Pool::none;
                    const std::int64_t first =
                        per_sequence ? batch.first_sequence : batch.first_token;
                    features.at(name).narrow(0, first, rows.size(0)).add_(rows, weight);
                  }};
  network.run(parameters, batch.batch, {}, taps);
}

class Observer {
 public:
  Observer(const Ensemble& a, const Ensemble& b, const ObserveOptions& options)
      : options_(options),
        a_(side(a, options.compute)),
        b_(side(b, options.compute)),
        taps_(options.taps.begin(), options.taps.end()) {
    const Symmetries& symmetries = a.models.front().symmetries;
    for (const std::string& name : taps_) {
      std::int64_t units = 1;
      for (const AxisUse& use : symmetries.tap(name).axes) {
        units *= symmetries.axis(use.axis).size;
      }
      streams_.emplace(name, MomentsStream(units, units));
      if (options.pool != Pool::none || name == "pooler") per_sequence_.insert(name);
    }
  }

  void add(Chunk chunk) {
    if (chunk.batches.empty()) return;
    make_room(chunk);
    const auto batches = static_cast<std::int64_t>(chunk.batches.size());
    parallel_for(2 * batches, options_.compute.threads, [&](std::int64_t i) {
      const c10::InferenceMode inference;
      Side& side = i % 2 ? b_ : a_;
      for (const Member& member : side.members) {
        run(*member.network, member.parameters, member.weight,
            chunk.batches[static_cast<std::size_t>(i / 2)], options_.pool, side.features, taps_);
      }
    });
    add_products(chunk);
    for (const auto& [name, stream] : streams_) {
      require_finite(name, a_.folder, stream.is_finite_of_a());
      require_finite(name, b_.folder, stream.is_finite_of_b());
    }
  }

  MomentsByTap so_far() const {
    MomentsByTap moments;
    for (const auto& [name, stream] : streams_) moments.emplace(name, stream.moments());
    return moments;
  }

  // The moments as if the text ended after these chunks. Leaves the observer unchanged.
  MomentsByTap with(std::vector<Chunk> chunks) const {
    Observer ended = *this;
    for (auto& [name, stream] : ended.streams_) stream = stream.copy();
    for (Chunk& chunk : chunks) ended.add(std::move(chunk));
    return ended.finish();
  }

  MomentsByTap finish() {
    MomentsByTap moments;
    for (auto& [name, stream] : streams_) moments.emplace(name, std::move(stream).finish());
    return moments;
  }

  void check(const Batch& batch) const {
    for (const Side* side : {&a_, &b_}) {
      for (const Member& member : side->members) check_tokens(*member.network, batch);
    }
  }

 private:
  struct Member {
    std::shared_ptr<const Network> network;
    Tensors parameters;
    double weight;
  };
  struct Side {
    std::string folder;  // of its first model, for messages
    std::vector<Member> members;
    std::map<std::string, at::Tensor> features;  // (rows, units) of the chunk
  };

  static Side side(const Ensemble& ensemble, const Compute& compute) {
    Side side{ensemble.models.front().folder.string(), {}, {}};
    for (std::size_t k = 0; k < ensemble.models.size(); ++k) {
      const Model& model = ensemble.models[k];
      side.members.push_back(
          {model.network, cast(model.parameters, compute), ensemble.weights.at(k)});
    }
    return side;
  }

  static void require_finite(const std::string& tap, const std::string& folder, bool is_finite) {
    require(is_finite,
            "{}: features at {} are NaN, infinite or overflow when squared on this text, so they "
            "cannot be matched; try a wider `precision`",
            folder, tap);
  }

  std::int64_t rows(const std::string& tap, const Chunk& chunk) const {
    return per_sequence_.contains(tap) ? chunk.sequences : chunk.tokens;
  }

  void make_room(const Chunk& chunk) {
    for (auto& [name, stream] : streams_) {
      for (Side* side : {&a_, &b_}) {
        at::Tensor& features = side->features[name];
        if (!features.defined() || features.size(0) < rows(name, chunk)) {
          features =
              at::empty({rows(name, chunk), stream.units_a()},
                        at::TensorOptions(options_.compute.dtype).device(options_.compute.device));
        }
        features.narrow(0, 0, rows(name, chunk)).zero_();
      }
    }
  }

  void add_products(const Chunk& chunk) {
    // Rows of a cross block per task: a float32 product stays in cache.
    const std::int64_t block = options_.compute.dtype == at::kBFloat16 ? 1024 : 256;
    struct Task {
      MomentsStream* stream;
      at::Tensor a, b;
      std::int64_t begin;
    };
    std::vector<Task> taps, tasks;
    for (auto& [name, stream] : streams_) {
      taps.push_back({&stream, a_.features.at(name).narrow(0, 0, rows(name, chunk)),
                      b_.features.at(name).narrow(0, 0, rows(name, chunk)), 0});
      for (std::int64_t begin = 0; begin < stream.units_a(); begin += block) {
        tasks.push_back(taps.back());
        tasks.back().begin = begin;
      }
    }
    parallel_for(static_cast<std::int64_t>(taps.size()), options_.compute.threads,
                 [&](std::int64_t i) {
                   Task& tap = taps[static_cast<std::size_t>(i)];
                   tap.stream->add_sums(tap.a, tap.b);
                 });
    parallel_for(static_cast<std::int64_t>(tasks.size()), options_.compute.threads,
                 [&](std::int64_t i) {
                   const Task& task = tasks[static_cast<std::size_t>(i)];
                   const std::int64_t end = std::min(task.begin + block, task.stream->units_a());
                   task.stream->add_cross(task.a, task.b, task.begin, end);
                 });
  }

  const ObserveOptions& options_;
  Side a_, b_;
  std::set<std::string> taps_, per_sequence_;
  std::map<std::string, MomentsStream> streams_;
};

// Cuts a window of sequences, shortest first, into chunks of micro-batches with little padding.
std::vector<Chunk> cut(std::vector<TokenSequence> window, const Network& network,
                       const ObserveOptions& options) {
  std::erase_if(window,
                [&](const TokenSequence& sequence) { return shows_nothing(sequence, options); });
  std::stable_sort(
      window.begin(), window.end(),
      [](const TokenSequence& x, const TokenSequence& y) { return x.size() < y.size(); });
  const std::int64_t batch_tokens = std::max<std::int64_t>(options.chunk_tokens / 4, 1);
  std::vector<Chunk> chunks(1);
  std::vector<TokenSequence> pending;
  std::int64_t pending_tokens = 0;
  const auto flush = [&] {
    if (pending.empty()) return;
    MicroBatch batch = make_batch(pending, network, options);
    Chunk& chunk = chunks.back();
    batch.first_token = chunk.tokens;
    batch.first_sequence = chunk.sequences;
    chunk.tokens += batch.tokens;
    chunk.sequences += batch.sequences();
    chunk.length += pending_tokens;
    chunk.batches.push_back(std::move(batch));
    pending.clear();
    pending_tokens = 0;
  };
  for (TokenSequence& sequence : window) {
    const std::int64_t length = length_of(sequence, network);
    const bool full = options.batch_sequences > 0 && std::ssize(pending) >= options.batch_sequences;
    if (full || pending_tokens + length > batch_tokens) flush();
    if (chunks.back().length + pending_tokens + length > options.chunk_tokens) {
      flush();
      if (!chunks.back().batches.empty()) chunks.emplace_back();
    }
    pending_tokens += length;
    pending.push_back(std::move(sequence));
  }
  flush();
  return chunks;
}

}  // namespace

MomentsByTap observe(const Model& a, const Model& b, const SequenceSource& sequences,
                     const ObserveOptions& options, const SeenTokens& seen,
                     const MomentsAtSize& at_size) {
  return observe(Ensemble{{a}, {1.0}}, b, sequences, options, seen, at_size);
}

MomentsByTap observe(const Ensemble& a, const Model& b, const SequenceSource& sequences,
                     const ObserveOptions& options, const SeenTokens& seen,
                     const MomentsAtSize& at_size) {
  constexpr std::int64_t window_chunks = 16;
  Observer observer(a, Ensemble{{b}, {1.0}}, options);
  const Network& network = *b.network;
  std::int64_t total = 0, count = 0;
  auto size = options.sizes.begin();
  for (bool more = true; more;) {
    std::vector<TokenSequence> window;
    std::int64_t tokens = 0;
    const std::int64_t before = count;
    while (tokens < window_chunks * options.chunk_tokens) {
      std::optional<TokenSequence> sequence = sequences();
      more = sequence.has_value();
      if (!more) break;
      ++count;
      if (!sequence->empty()) {
        observer.check(pad({*sequence}));
        tokens += length_of(*sequence, network);
      }
      window.push_back(*std::move(sequence));
    }
    for (; at_size && size != options.sizes.end() && *size < count; ++size) {
      at_size(*size, observer.with(
                         cut({window.begin(), window.begin() + *size - before}, network, options)));
    }
    for (Chunk& chunk : cut(std::move(window), network, options)) {
      total += chunk.length;
      observer.add(std::move(chunk));
      if (seen) seen(total);
    }
    if (at_size && size != options.sizes.end() && *size == count) {
      at_size(*size++, observer.so_far());
    }
  }
  return observer.finish();
}

}  // namespace braid
