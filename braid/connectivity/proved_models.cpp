#include "braid/connectivity/proved_models.h"

#include "braid/error.h"
#include "braid/models/canonical.h"

namespace braid {

Canonical canonicalise(const Model& model, const Compute& compute) {
  Model form = canonical_form(model);
  // In float64 throughout: tests the form itself, not rounding to the model's dtypes.
  const Difference proof = verify(model, form, random_sequences(model, 4, 0), compute);
  require(proof.relative() <= 1e-8,
          "{}: its canonical form differs by {:.1e} of its largest output and is not used; please "
          "report this",
          model.folder.string(), proof.relative());
  form.canonical = true;
  return {in_dtypes_of(model, std::move(form)), proof};
}

Model load_for_alignment(const std::filesystem::path& folder, bool canonical,
                         const std::filesystem::path& table) {
  Model model = load_model(folder, table);
  require(!canonical || !model.table,
          "{}: the alignment is of canonical forms, which models with a `table` do not have",
          folder.string());
  return canonical ? canonicalise(model).model : model;
}

}  // namespace braid
