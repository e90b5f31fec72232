// The alignment file: one line of JSON (RFC 8259, UTF-8) with exactly these keys, in any order:
//   "format"    "braid-alignment"
//   "version"   1
//   "family"    string: the family of both models, as named in their table ("BERT")
//   "broken"    string: why B' does not compute the same function as B; "" if it does
//   "exact"     true if and only if "broken" is ""
//   "ablation"  {"separate_residual": bool, "ignore_heads": bool}: selects the table of axes
//   "a", "b"    null, or {"path": string, "fingerprint": string, ...} of each model
//   "text"      null, an object or a list of objects: the text observed
//   "options"   null, or an object: the request. Only "canonicalise" (bool, default false) is read
//               back: the elements apply to both models' canonical forms
//   "axes"      {name: match}: axes and shifts of the table, and views
// A match:
//   "kind"       "permutation" | "signed permutation" | "matrix" | "rotary scaling" | "shift"
//   "objective"  number: <element, agreement of A's units with B's>; 0 if not matched
//   "identity"   number: the same with B unmoved
//   "mean"       number: objective / units; derived
//   "units"      integer >= 0: over all blocks
//   "seconds"    number: time taken
//   "applied"    bool: false if measured only
//   "condition"  number, for "matrix" and "rotary scaling": the worst condition number; derived
// and the element's fields by kind, for n units:
//   permutation         "indices": [n integers], slot i takes unit indices[i] of B; zero-based
//   signed permutation  "indices", and "signs": [n values 1 or -1], by slot
//   matrix              "matrix": [n rows of n numbers], y = T x; invertible
//   rotary scaling      "real", "imaginary": [n/2 numbers] each, of non-zero factors z of the pairs
//                       x[i] + i x[i + n/2]
//   shift               "vector": [n numbers], added as described in symmetry/shift.h
// On a repeated axis (units inside heads) each of these fields is a list with one entry per block
// of its parent axes, in the order after alignment, even for a single block: "matrix" is then
// [blocks][n][n].
// A view ("layer.0.attention": all units of all heads as one permutation) also has "view_of", the
// axis of the blocks. It is for human readers and is not applied. Numbers are finite and
// round-trip bit for bit.
#include "braid/alignment/alignment.h"
#include "braid/alignment/element_json.h"
#include "braid/checkpoint/atomic_file.h"
#include "braid/checkpoint/mapped_file.h"
#include "braid/error.h"
#include "braid/json/json_field.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

using Json = nlohmann::json;
constexpr const char* format_name = "braid-alignment";

Json match_json(const AxisMatch& match) {
  Json json = {{"objective", match.objective}, {"mean", match.mean()},
               {"identity", match.unaligned},  {"units", match.units},
               {"seconds", match.seconds},     {"applied", match.applied}};
  json.update(element_json(match.element, match.repeated));
  if (std::holds_alternative<Matrix>(match.element.front()) ||
      std::holds_alternative<RotaryScaling>(match.element.front())) {
    json["condition"] = condition(match.element);
  }
  return json;
}

AxisMatch read_match(const JsonField& json) {
  json.require_only({"kind", "objective", "mean", "identity", "units", "seconds", "applied",
                     "condition", "view_of", "indices", "signs", "matrix", "real", "imaginary",
                     "vector"});
  AxisMatch match;
  match.element = read_element(json, match.repeated);
  match.objective = json.at("objective").number();
  match.unaligned = json.at("identity").number();
  match.units = json.at("units").integer(0);
  match.seconds = json.at("seconds").number();
  match.applied = json.at("applied").boolean();
  json.at("mean").number();
  if (json.has("condition")) json.at("condition").number();
  return match;
}

// Provenance: kept verbatim; the fields that braid reads are checked.
Json read_side(const JsonField& side) {
  if (side.json().is_null()) return side.json();
  for (const char* key : {"path", "fingerprint"}) {
    if (side.has(key)) side.at(key).text();
  }
  return side.json();
}

Json read_options(const JsonField& options) {
  if (options.json().is_null()) return options.json();
  if (options.has("canonicalise")) options.at("canonicalise").boolean();
  return options.json();
}

Json read_text(const JsonField& text) {
  const Json& json = text.json();
  if (!json.is_null() && !json.is_object() && !json.is_array()) {
    text.refuse("an object or a list of objects");
  }
  return json;
}

}  // namespace

Json to_json(const Alignment& alignment) {
  Json axes = Json::object();
  for (const auto& [name, match] : alignment.axes) axes[name] = match_json(match);
  for (const auto& [name, view] : alignment.flat) {
    axes[name] = match_json(view.match);
    axes[name]["view_of"] = view.of;
  }
  return {{"format", format_name},
          {"version", 1},
          {"family", alignment.family},
          {"exact", alignment.broken.empty()},
          {"broken", alignment.broken},
          {"ablation",
           {{"separate_residual", alignment.ablation.separate_residual},
            {"ignore_heads", alignment.ablation.ignore_heads}}},
          {"a", alignment.a},
          {"b", alignment.b},
          {"text", alignment.text},
          {"options", alignment.options},
          {"axes", axes}};
}

Alignment alignment_from_json(const Json& json) {
  require(json.is_object() && json.contains("format") && json["format"] == format_name,
          "not a braid alignment");
  const JsonField file(json);
  require(file.at("version").json() == 1, "version {}; this braid reads version 1",
          file.at("version").shown());
  file.require_only({"format", "version", "family", "exact", "broken", "ablation", "a", "b", "text",
                     "options", "axes"});
  Alignment alignment;
  alignment.family = file.at("family").text();
  alignment.broken = file.at("broken").text();
  require(file.at("exact").boolean() == alignment.broken.empty(),
          "\"exact\" and \"broken\" contradict each other");
  const JsonField ablation = file.at("ablation");
  ablation.require_only({"separate_residual", "ignore_heads"});
  alignment.ablation = {ablation.at("separate_residual").boolean(),
                        ablation.at("ignore_heads").boolean()};
  alignment.a = read_side(file.at("a"));
  alignment.b = read_side(file.at("b"));
  alignment.text = read_text(file.at("text"));
  alignment.options = read_options(file.at("options"));
  const JsonField axes = file.at("axes");
  for (const std::string& name : axes.keys()) {
    const JsonField axis = axes.at(name, "axis " + printable(name));
    AxisMatch match = read_match(axis);
    if (axis.has("view_of")) {
      const JsonField of = axis.at("view_of");
      if (!axes.has(of.text())) of.refuse("an axis of this file");
      alignment.flat[name] = {std::move(match), of.text()};
    } else {
      alignment.axes[name] = std::move(match);
    }
  }
  return alignment;
}

void save_alignment(const std::filesystem::path& path, const Alignment& alignment) {
  write_file_atomically(path, to_text(to_json(alignment)) + "\n");
}

Alignment load_alignment(const std::filesystem::path& path) {
  require(std::filesystem::is_regular_file(path), "{}: cannot be opened", path.string());
  const auto file = MappedFile::open(path);
  constexpr std::size_t header = 8;  // offset of the header of a safetensors file
  require(file->bytes().size() <= header || file->bytes()[header] != '{' || file->bytes()[0] == '{',
          "{}: a weights file, expected an alignment file; to name a checkpoint, give its folder",
          path.string());
  try {
    // A matrix on a residual stream of 16,384 units has 270 million.
    const Json json = parse_json(file->bytes(), "its text", {.values = 400'000'000});
    return alignment_from_json(json);
  } catch (const Error& error) {
    fail("{}: unusable alignment: {}; align these models again", path.string(), error.what());
  }
}

}  // namespace braid
