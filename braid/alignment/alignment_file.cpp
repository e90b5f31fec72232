// The alignment file: one line of JSON (RFC 8259, UTF-8), keys in any order, all of these and no
// others:
//   "format"    "braid-alignment"
//   "version"   1
//   "family"    text: the family of both models, as their table calls it ("BERT")
//   "broken"    text: why B' does not compute what B computes; "" when it does
//   "exact"     true exactly where "broken" is ""
//   "ablation"  {"separate_residual": bool, "ignore_heads": bool}: the table of the axes
//   "a", "b"    null, or {"path": text, "fingerprint": text, ...} of each model
//   "text"      null, an object or a list of objects: what was read
//   "options"   null, or an object: what was asked. Steers in one place: "canonicalise" (bool;
//               missing is false): the elements belong to both models' canonical forms
//   "axes"      {name: match}: names of axes and shifts of the table, and of views
// A match:
//   "kind"       "permutation" | "signed permutation" | "matrix" | "rotary scaling" | "shift"
//   "objective"  number: <element, agreement of A's units with B's>; 0 where it was not matched
//   "identity"   number: the same with B as it was
//   "mean"       number: objective / units; derived
//   "units"      integer >= 0: over all blocks
//   "seconds"    number: time taken
//   "applied"    bool: false where it was measured only
//   "condition"  number, of "matrix" and "rotary scaling": the worst condition number; derived
// and the element's fields by kind, for n units:
//   permutation         "indices": [n integers], unit indices[i] of B comes to slot i; from 0
//   signed permutation  "indices", and "signs": [n times 1 or -1], by slot
//   matrix              "matrix": [n rows of n numbers], acting as y = T x; it can be inverted
//   rotary scaling      "real", "imaginary": [n/2 numbers] each, of z that multiplies the pair
//                       x[i] + i x[i + n/2]; no z is 0
//   shift               "vector": [n numbers], added as symmetry/shift.h says
// An axis that is repeated (units inside heads) has in each of these fields a list of blocks, one
// for every block of the axes it stands under, in the order after alignment: "matrix" is then
// [blocks][n][n]. So is one with a single block.
// A view ("layer.0.attention": all units of all heads as one permutation) has "view_of", the axis
// of the blocks, besides. It is written for people and not applied. Numbers are finite and written
// so that they are read back bit for bit.
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

// Provenance: kept as it is, what is read of it checked.
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
    text.refuse("an object or a list of what was read");
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
          "it is not a braid alignment");
  const JsonField file(json);
  require(file.at("version").json() == 1, "its version is {}, this braid reads version 1",
          file.at("version").shown());
  file.require_only({"format", "version", "family", "exact", "broken", "ablation", "a", "b", "text",
                     "options", "axes"});
  Alignment alignment;
  alignment.family = file.at("family").text();
  alignment.broken = file.at("broken").text();
  require(file.at("exact").boolean() == alignment.broken.empty(),
          "exact and broken contradict each other");
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
  constexpr std::size_t header = 8;  // bytes before that of a safetensors file
  require(file->bytes().size() <= header || file->bytes()[header] != '{' || file->bytes()[0] == '{',
          "{}: is no alignment file but one of weights; a checkpoint is given as its folder",
          path.string());
  try {
    // A matrix of all of a residual stream of 16,384 units has 270 million.
    const Json json = parse_json(file->bytes(), "its text", {.values = 400'000'000});
    return alignment_from_json(json);
  } catch (const Error& error) {
    fail("{}: not a usable alignment: {}; align these models again", path.string(), error.what());
  }
}

}  // namespace braid
