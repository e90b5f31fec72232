#include "braid/alignment/element_json.h"

#include "braid/error.h"

namespace braid {
namespace {

using Json = nlohmann::json;

Json numbers(const at::Tensor& vector) {
  const at::Tensor dense = vector.contiguous();
  const double* values = dense.const_data_ptr<double>();
  return std::vector<double>(values, values + dense.numel());
}

// A block's indices, signs, matrix or complex numbers.
Json block_json(const Element& block, std::string_view field) {
  if (const auto* signs = std::get_if<SignedPermutation>(&block)) {
    return field == "signs" ? signs->signs : signs->indices;
  }
  if (const auto* permutation = std::get_if<Permutation>(&block)) return permutation->indices;
  if (const auto* rotary = std::get_if<RotaryScaling>(&block)) {
    return numbers(field == "real" ? rotary->real : rotary->imaginary);
  }
  if (const auto* shift = std::get_if<ShiftVector>(&block)) return numbers(shift->vector);
  const at::Tensor& map = std::get<Matrix>(block).forward;
  Json rows = Json::array();
  for (std::int64_t i = 0; i < map.size(0); ++i) rows.push_back(numbers(map[i]));
  return rows;
}

// Fields in the file by kind of element.
const std::map<std::string, std::vector<std::string>>& fields_of_kinds() {
  static const std::map<std::string, std::vector<std::string>> fields = {
      {"permutation", {"indices"}},
      {"signed permutation", {"indices", "signs"}},
      {"matrix", {"matrix"}},
      {"rotary scaling", {"real", "imaginary"}},
      {"shift", {"vector"}}};
  return fields;
}

std::vector<std::int64_t> read_permutation(const JsonField& field) {
  std::vector<std::int64_t> indices = field.integers();
  std::vector<bool> met(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const bool fits = indices[i] >= 0 && indices[i] < std::ssize(indices);
    require(fits && !met[static_cast<std::size_t>(indices[i])],
            "{}[{}]: {} is out of range or repeated: expected each of 0 ... {} once", field.where(),
            i, indices[i], indices.size() - 1);
    met[static_cast<std::size_t>(indices[i])] = true;
  }
  return indices;
}

std::vector<std::int64_t> read_signs(const JsonField& field, std::size_t units) {
  std::vector<std::int64_t> signs = field.integers();
  require(signs.size() == units, "{}: {} signs for {} units", field.where(), signs.size(), units);
  for (std::size_t i = 0; i < signs.size(); ++i) {
    require(signs[i] == 1 || signs[i] == -1, "{}[{}]: expected 1 or -1, found {}", field.where(), i,
            signs[i]);
  }
  return signs;
}

at::Tensor read_vector(const JsonField& field) { return at::tensor(field.numbers(), at::kDouble); }

RotaryScaling read_rotary(const JsonField& real, const JsonField& imaginary) {
  const RotaryScaling z{read_vector(real), read_vector(imaginary)};
  require(z.real.sizes() == z.imaginary.sizes(), "{}: {} real parts, but {} imaginary parts",
          real.where(), z.real.numel(), z.imaginary.numel());
  const at::Tensor modulus = z.real.square() + z.imaginary.square();
  require(modulus.min().item<double>() > 0 && all_finite(modulus),
          "{}: a complex number is 0, or its squared modulus overflows", real.where());
  return z;
}

Matrix read_matrix(const JsonField& field) {
  const std::vector<JsonField> rows = field.items();
  for (const JsonField& row : rows) {  // before any allocation
    if (!row.json().is_array() || row.json().size() != rows.size()) {
      row.refuse(fmt::format("a row of {0} numbers, for a matrix of {0} rows", rows.size()));
    }
  }
  const std::int64_t units = std::ssize(rows);
  at::Tensor map = at::empty({units, units}, at::kDouble);
  for (std::int64_t i = 0; i < units; ++i) {
    const std::vector<double> row = rows[static_cast<std::size_t>(i)].numbers();
    std::copy(row.begin(), row.end(), map.data_ptr<double>() + i * units);
  }
  try {
    return make_matrix(map);
  } catch (const Error& error) {
    fail("{}: {}", field.where(), error.what());
  }
}

// True if lists are nested deeper than the kind's own `lists`: the outermost is then of blocks.
bool is_repeated(const JsonField& field, int lists) {
  const Json* inner = &field.json();
  for (int i = 0; i < lists; ++i) {
    if (!inner->is_array() || inner->empty()) return false;
    inner = &inner->front();
  }
  return inner->is_array();
}

}  // namespace

GroupElement read_element(const JsonField& match, bool& repeated) {
  const std::string& kind = match.at("kind").text();
  const auto known = fields_of_kinds().find(kind);
  if (known == fields_of_kinds().end()) {
    match.at("kind").refuse("a kind of element known to this version of braid");
  }
  std::vector<std::vector<JsonField>> fields;  // by field, then by block
  for (const std::string& name : known->second) {
    const JsonField field = match.at(name);
    if (fields.empty()) repeated = is_repeated(field, kind == "matrix" ? 2 : 1);
    fields.push_back(repeated ? field.items() : std::vector{field});
    require(fields.back().size() == fields.front().size(), "{}: {} blocks, expected {}",
            field.where(), fields.back().size(), fields.front().size());
  }
  GroupElement element;
  for (std::size_t i = 0; i < fields.front().size(); ++i) {
    const JsonField& first = fields.front()[i];
    if (kind == "matrix") {
      element.emplace_back(read_matrix(first));
    } else if (kind == "rotary scaling") {
      element.emplace_back(read_rotary(first, fields[1][i]));
    } else if (kind == "shift") {
      element.emplace_back(ShiftVector{read_vector(first)});
    } else {
      std::vector<std::int64_t> indices = read_permutation(first);
      if (kind == "permutation") {
        element.emplace_back(Permutation{std::move(indices)});
      } else {
        std::vector<std::int64_t> signs = read_signs(fields[1][i], indices.size());
        element.emplace_back(SignedPermutation{std::move(indices), std::move(signs)});
      }
    }
    require(first.json().size() == fields.front().front().json().size(),
            "{}: a block of {} units, but the first has {}", first.where(), first.json().size(),
            fields.front().front().json().size());
  }
  return element;
}

Json element_json(const GroupElement& element, bool repeated) {
  Json fields = {{"kind", kind(element.front())}};
  for (const std::string& field : fields_of_kinds().at(kind(element.front()))) {
    Json blocks = Json::array();
    for (const Element& block : element) blocks.push_back(block_json(block, field));
    fields[field] = repeated || blocks.size() > 1 ? blocks : blocks.front();
  }
  return fields;
}

}  // namespace braid
