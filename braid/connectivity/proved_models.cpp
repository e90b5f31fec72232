#include "braid/connectivity/proved_models.h"

#include "braid/connectivity/verify.h"
#include "braid/error.h"
#include "braid/models/canonical.h"

namespace braid {

Model load_for_alignment(const std::filesystem::path& folder, bool canonical) {
  Model model = load_model(folder);
  if (!canonical) return model;
  // Proved in float64 from end to end: what is shown is the form, not the rounding of the dtype.
  Model wide = model;
  wide.parameters = cast(model.parameters, at::kDouble);
  const Difference found = verify(model, canonicalise(wide), random_sequences(model, 4, 0), 1);
  require(found.relative() <= 1e-8,
          "{}: its canonical form differs from it by {:.1e} of its largest output; please report "
          "this",
          folder.string(), found.relative());
  return canonicalise(model);
}

bool is_canonical(const Alignment& alignment) { return alignment.canonical(); }

}  // namespace braid
