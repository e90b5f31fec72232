#include "braid/connectivity/proved_models.h"

#include "braid/error.h"
#include "braid/models/canonical.h"

namespace braid {

Canonical canonicalise(const Model& model, const Compute& compute) {
  Model form = canonical_form(model);
  // Proved in float64 from end to end: what is shown is the form, not the rounding of the dtype.
  const Difference proof = verify(model, form, random_sequences(model, 4, 0), compute);
  require(proof.relative() <= 1e-8,
          "{}: its canonical form differs from it by {:.1e} of its largest output, so it is not "
          "used; please report this",
          model.folder.string(), proof.relative());
  form.canonical = true;
  return {in_dtypes_of(model, std::move(form)), proof};
}

Model load_for_alignment(const std::filesystem::path& folder, bool canonical,
                         const std::filesystem::path& table) {
  Model model = load_model(folder, table);
  require(!canonical || !model.table,
          "{}: an alignment of canonical forms, which a table does not have", folder.string());
  return canonical ? canonicalise(model).model : model;
}

}  // namespace braid
