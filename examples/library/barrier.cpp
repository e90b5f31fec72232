// The whole way with the library: align two checkpoints on a text, trace the loss between them.
//   barrier examples/embedded/bert-1 examples/embedded/bert-2 TEXT
#include <braid/braid.h>

#include <cstdio>

int main(int count, char** arguments) {
  if (count != 4) return 2;
  braid::AlignRequest request;
  request.text = arguments[3];
  const braid::Model a = braid::load_model(arguments[1]);
  const braid::AlignPlan how = braid::resolve(request, a);
  braid::AlignedPair pair{how.in_form(a), how.load(arguments[2])};
  pair.alignment = braid::align(pair.a, pair.b, how, {});
  braid::CurveRequest path;
  path.score.text = arguments[3];
  const braid::Curve curve = braid::trace(pair, path, {});
  std::printf("barrier %.4f, B' differs from B by %.1e\n", curve.barrier(), curve.end_error());
}
