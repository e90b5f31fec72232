#include "braid/pipeline/transform.h"

#include "braid/error.h"
#include "braid/parallel.h"

namespace braid {

LazyTensors transform(const Model& b, const Alignment& alignment) {
  return transform_lazily(table_of(b, alignment.ablation), b.parameters, alignment.transform());
}

Difference prove(const Model& b, const Alignment& alignment,
                 const std::vector<TokenSequence>& sequences, const Compute& compute) {
  constexpr double tolerance = 1e-8;
  const OneThread pinned;
  Model wide = b;
  wide.parameters = cast(b.parameters, at::kDouble);
  Model aligned = wide;
  aligned.parameters = make(transform(wide, alignment));
  const bool in_place = returned_axes(b.symmetries, alignment.transform()).empty();
  const Difference found =
      verify(b, aligned, sequences, compute, in_place ? Frame::fixed : Frame::free);
  require(found.relative() <= tolerance,
          "{}: the aligned model differs from it by {:.3e} of its largest output; nothing was "
          "written; please report this",
          b.folder.string(), found.relative());
  return found;
}

}  // namespace braid
