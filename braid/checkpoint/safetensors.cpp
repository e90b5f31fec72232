#include "braid/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "braid/checkpoint/atomic_file.h"
#include "braid/error.h"
#include "braid/json/json_text.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

constexpr std::uint64_t kLongestHeader = 100'000'000;  // as in Hugging Face's reader

// One tensor: bytes [begin, end) after the header.
struct Entry {
  std::string name;
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin, end;
};

std::int64_t read_size(const nlohmann::json& value, std::string_view what) {
  require(value.is_number_unsigned() && value.get<std::uint64_t>() <= INT64_MAX,
          "{}: shapes and offsets must be integers from 0 to 2^63 - 1", what);
  return value.get<std::int64_t>();
}

Entry read_entry(const std::string& name, const nlohmann::json& fields, const std::string& what) {
  require(fields.is_object() && fields.size() == 3 && fields.contains("dtype") &&
              fields.contains("shape") && fields.contains("data_offsets"),
          "{}: expected an object with dtype, shape and data_offsets", what);
  const nlohmann::json& dtype = fields["dtype"];
  const nlohmann::json& shape = fields["shape"];
  const nlohmann::json& offsets = fields["data_offsets"];
  require(dtype.is_string(), "{}: dtype must be a string", what);
  const auto known = safetensors_dtype(dtype.get_ref<const std::string&>());
  require(known.has_value(), "{}: dtype {} is not one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL",
          what, printable(dtype.get_ref<const std::string&>()));
  require(shape.is_array() && offsets.is_array() && offsets.size() == 2,
          "{}: shape must be a list, data_offsets a list of two integers", what);
  Entry entry{name, *known, {}, 0, 0};
  for (const auto& size : shape) entry.shape.push_back(read_size(size, what));
  entry.begin = static_cast<std::uint64_t>(read_size(offsets[0], what));
  entry.end = static_cast<std::uint64_t>(read_size(offsets[1], what));
  require(entry.begin <= entry.end, "{}: ends at {} before it begins at {}", what, entry.end,
          entry.begin);
  const auto elements = count_elements(entry.shape);
  std::int64_t bytes = 0;
  require(
      elements.has_value() &&
          !__builtin_mul_overflow(*elements,
                                  static_cast<std::int64_t>(at::elementSize(entry.dtype)), &bytes),
      "{}: shape [{}] is too large", what,
      fmt::join(entry.shape.begin(),
                entry.shape.begin() + std::min<std::ptrdiff_t>(64, std::ssize(entry.shape)), ", "));
  require(entry.end - entry.begin == static_cast<std::uint64_t>(bytes),
          "{}: {} of shape [{}] takes {} bytes, but its data_offsets span {}", what,
          safetensors_name(entry.dtype), fmt::join(entry.shape, ", "), bytes,
          entry.end - entry.begin);
  return entry;
}

// `header`: the JSON text.
std::vector<Entry> read_header(std::string_view header, const std::string& file) {
  const nlohmann::json fields = parse_json(header, file + ": header", {.depth = 8});
  require(fields.is_object(), "{}: header is not a JSON object", file);
  std::vector<Entry> entries;
  for (const auto& [name, value] : fields.items()) {
    if (name == "__metadata__") continue;
    entries.push_back(
        read_entry(name, value, fmt::format("{}: tensor \"{}\"", file, printable(name))));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  return entries;
}

// The format allows no gaps, no overlaps and no bytes after the last tensor.
void check_places(const std::vector<Entry>& entries, std::uint64_t data_size,
                  const std::string& file) {
  std::uint64_t end = 0;
  for (const Entry& entry : entries) {
    require(entry.end <= data_size,
            "{}: tensor \"{}\" ends at byte {} of {}: truncated? fetch or save the file again",
            file, printable(entry.name), entry.end, data_size);
    require(entry.begin == end, "{}: tensor \"{}\" begins at byte {}, {} {}", file,
            printable(entry.name), entry.begin,
            entry.begin < end ? "overlapping another that ends at" : "leaving a gap from", end);
    end = entry.end;
  }
  require(end == data_size, "{}: {} bytes after the last tensor", file, data_size - end);
}

// Rank of a dtype in files written by Hugging Face: widest alignment first.
constexpr int kDtypes = 10;
int rank_dtype(at::ScalarType dtype) {
  constexpr std::array<at::ScalarType, kDtypes> kOrder = {
      at::kLong, at::kDouble, at::kFloat, at::kInt,  at::kBFloat16,
      at::kHalf, at::kShort,  at::kChar,  at::kByte, at::kBool};
  return static_cast<int>(std::find(kOrder.begin(), kOrder.end(), dtype) - kOrder.begin());
}

}  // namespace

Tensors read_safetensors(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  refuse_lfs_pointer(*file);
  const std::string_view bytes = file->bytes();
  std::uint64_t header_size = 0;
  require(bytes.size() >= sizeof header_size, "{}: {} bytes are too few for a safetensors file",
          file->name(), bytes.size());
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  require(header_size <= kLongestHeader,
          "{}: not a safetensors file: header of {} bytes, at most {} allowed", file->name(),
          header_size, kLongestHeader);
  require(header_size <= bytes.size() - sizeof header_size,
          "{}: header of {} bytes in a file of {}: truncated? fetch or save the file again",
          file->name(), header_size, bytes.size());
  const std::vector<Entry> entries =
      read_header(bytes.substr(sizeof header_size, header_size), file->name());
  const std::string_view data = bytes.substr(sizeof header_size + header_size);
  check_places(entries, data.size(), file->name());

  Tensors tensors;
  for (const Entry& entry : entries) {
    const at::Tensor raw = alias_bytes(file, data.substr(entry.begin, entry.end - entry.begin),
                                       at::elementSize(entry.dtype));
    std::vector<std::int64_t> strides(entry.shape.size(), 1);
    for (std::size_t i = strides.size(); i-- > 1;) {
      strides[i - 1] = strides[i] * std::max<std::int64_t>(entry.shape[i], 1);
    }
    tensors.emplace(entry.name, view_storage(raw, entry.dtype, 0, entry.shape, strides,
                                             fmt::format("{}: tensor \"{}\"", file->name(),
                                                         printable(entry.name))));
  }
  return tensors;
}

void write_safetensors(const std::filesystem::path& path, const Tensors& tensors) {
  write_safetensors(path, lazy(tensors));
}

void write_safetensors(const std::filesystem::path& path, const LazyTensors& tensors) {
  std::vector<const LazyTensors::value_type*> order;
  for (const auto& named : tensors) order.push_back(&named);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return rank_dtype(a->second.dtype) < rank_dtype(b->second.dtype);
  });

  nlohmann::ordered_json header;
  header["__metadata__"]["format"] = "pt";
  std::int64_t offset = 0;
  for (const auto* named : order) {
    const auto& [name, tensor] = *named;
    require(name != "__metadata__", "{}: a tensor cannot be called __metadata__", path.string());
    require(rank_dtype(tensor.dtype) < kDtypes, "{}: tensor \"{}\" has the dtype {}", path.string(),
            printable(name), at::toString(tensor.dtype));
    const std::int64_t end = offset + tensor.bytes();
    // Assembled by hand: ordered_json::operator[] searches all earlier names each time.
    header.get_ref<nlohmann::ordered_json::object_t&>().emplace_back(
        name, nlohmann::ordered_json{{"dtype", safetensors_name(tensor.dtype)},
                                     {"shape", tensor.shape},
                                     {"data_offsets", {offset, end}}});
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail("{}: a tensor's name is not UTF-8", path.string());
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t size = text.size();
  require(size <= kLongestHeader, "{}: a header of {} bytes, at most {} allowed", path.string(),
          size, kLongestHeader);

  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&size), sizeof size});
  file.write(text);
  for (const auto* named : order) {
    const at::Tensor flat = make(named->first, named->second).to(at::kCPU).contiguous();
    file.write({static_cast<const char*>(flat.const_data_ptr()),
                static_cast<std::size_t>(byte_size(flat))});
  }
  file.commit();
}

at::Tensor json_tensor(const nlohmann::json& json) {
  const std::string text = to_text(json);
  at::Tensor bytes = at::empty({static_cast<std::int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), bytes.data_ptr<std::uint8_t>());
  return bytes;
}

nlohmann::json json_from_tensor(const at::Tensor& bytes) {
  if (!bytes.defined() || bytes.scalar_type() != at::kByte) {
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  const auto* text = bytes.const_data_ptr<std::uint8_t>();
  return nlohmann::json::parse(text, text + bytes.numel(), nullptr, false);
}

}  // namespace braid
