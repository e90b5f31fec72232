// The whole way with the library: two checkpoints, one text, the loss barrier of the aligned path.
//   build/tests/library_barrier examples/embedded/bert-1 examples/embedded/bert-2 TEXT
#include <cstdio>
#include <thread>

#include "braid/alignment/observe.h"
#include "braid/connectivity/barrier.h"
#include "braid/methods/activations.h"
#include "braid/text/lines.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int threads = static_cast<int>(std::thread::hardware_concurrency());
  const braid::Model a = braid::load_model(argv[1]), b = braid::load_model(argv[2]);
  const braid::WordPiece tokenizer = braid::WordPiece::from_folder(a.folder);
  const std::vector<std::string> lines = braid::read_lines(argv[3], 1000);

  braid::MatchOptions match;
  match.components = {"ffn", "attention", "residual"};
  braid::ObserveOptions observe;
  observe.taps = taps_to_observe(a.symmetries, match);
  observe.threads = threads;
  std::size_t next = 0;
  const auto sequences = [&] {
    braid::TokenSequence sequence;
    if (next < lines.size()) sequence.ids = tokenizer.encode_sequence(lines[next++], 512);
    return sequence;
  };
  const braid::MomentsByTap moments = braid::observe(a, b, sequences, observe, {});
  const braid::Alignment alignment =
      braid::match({a.symmetries, match, {}}, moments, {.threads = threads});

  braid::MaskingOptions masking;
  masking.block = a.network->max_positions();
  const braid::TokenText text = braid::mask_text(lines, tokenizer, masking, argv[3]);
  const braid::Path path =
      braid::make_path(a, b, alignment.transform(), a.symmetries, braid::Decoder::tied, at::kFloat);
  const braid::Curve curve = braid::trace(path, text, 11, threads);
  std::printf("barrier %.4f, B' differs from B by %.1e\n", curve.barrier(), curve.end_error());
}
