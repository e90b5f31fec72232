#include "braid/pipeline/curve.h"

#include "braid/connectivity/proved_models.h"
#include "braid/models/named_entries.h"
#include "braid/parallel.h"

namespace braid {

OptionList options_of(CurveRequest& r) {
  OptionList list;
  list.add("alignment", r.alignment,
           "Alignment file from braid align; without it the path is not aligned")
      .as(Use::input);
  list.add("decoder", r.decoder,
           Choices<Decoder>{{"tied", Decoder::tied},
                            {"untied", Decoder::untied},
                            {"released-wrong-direction", Decoder::released}},
           "tied: the ordinary checkpoint. untied: also exact, with a separate decoder tensor. "
           "released-wrong-direction: what the authors' released code evaluates, NOT B");
  list.add("points", r.points, "Evenly spaced points, ends included").from(2).to(100000);
  return list;
}

AlignedPair load_pair(const std::filesystem::path& a, const std::filesystem::path& b,
                      const std::filesystem::path& alignment) {
  std::optional<Alignment> loaded;
  if (!alignment.empty()) loaded = load_alignment(alignment);
  const bool canonical = loaded && loaded->canonical();
  AlignedPair pair{load_for_alignment(a, canonical), load_for_alignment(b, canonical), loaded};
  pair.b = in_order_of(pair.a, pair.b);
  if (loaded) require_made_for(*loaded, pair.a, pair.b, alignment.string());
  return pair;
}

Curve trace(const AlignedPair& pair, const CurveRequest& request, const Compute& compute,
            const Listener& listener) {
  const OneThread pinned;
  Transform transform;
  Symmetries symmetries = pair.b.symmetries;
  std::string broken;
  if (pair.alignment) {
    transform = pair.alignment->transform();
    symmetries = table_of(pair.b, pair.alignment->ablation);
    broken = pair.alignment->broken;
  }
  if (request.decoder == Decoder::released) {
    broken += std::string(broken.empty() ? "" : "; ") +
              "the decoder is permuted in the wrong direction, as the authors' released code does";
  }
  const Examples text = request.score.resolved(pair.a).load(pair.a);
  check_examples(pair.b, text);
  const Path path = make_path(pair.a, pair.b, transform, symmetries, request.decoder, compute);
  Curve curve = trace(path, text, request.points, compute, listener.count("points"));
  curve.broken = std::move(broken);
  if (curve.broken.empty()) require_exact_end(curve, compute.dtype);
  return curve;
}

}  // namespace braid
