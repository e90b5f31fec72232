#include "braid/checkpoint/torch_bin.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

#include "braid/checkpoint/pickle.h"
#include "braid/checkpoint/zip_archive.h"
#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

using pickle::Unpickled;
using Storages = std::unordered_map<std::string_view, std::string_view>;  // key -> bytes
using File = std::shared_ptr<const MappedFile>;

constexpr std::size_t kWidestElement = 8;  // storages not aligned to it are copied

// Safetensors and messages need names to be UTF-8.
bool is_utf8(const std::string& text) try {
  return !nlohmann::json(text).dump().empty();
} catch (const nlohmann::json::exception&) {
  return false;
}

// The tensors of an unpickled dict, as views of the storages' bytes.
Tensors build_tensors(const Unpickled& unpickled, const Storages& storages, const File& file) {
  const auto* dict = std::get_if<pickle::Dict*>(&unpickled.value);
  require(dict != nullptr, "{}: contains {}, expected a dict of tensors (state_dict)", file->name(),
          pickle::describe(unpickled.value));
  std::unordered_map<std::string_view, at::Tensor> bytes_of;  // by storage, shared by its tensors
  Tensors tensors;
  for (const auto& [key, value] : (*dict)->items) {
    const auto* name = std::get_if<std::string_view>(&key);
    require(name != nullptr, "{}: a key is {}, expected a string", file->name(),
            pickle::describe(key));
    const std::string what = fmt::format("{}: tensor \"{}\"", file->name(), printable(*name));
    require(is_utf8(std::string(*name)), "{}: name is not UTF-8", what);
    const auto* tensor = std::get_if<const pickle::TensorInfo*>(&value);
    require(tensor != nullptr, "{}: is {}, expected a tensor", what, pickle::describe(value));
    const pickle::TensorInfo& info = **tensor;
    const pickle::Storage& storage = *info.storage;
    const auto found = storages.find(storage.key);
    require(found != storages.end(), "{}: storage {} is missing", what, printable(storage.key));
    std::int64_t size = 0;
    const auto width = static_cast<std::int64_t>(at::elementSize(storage.dtype));
    require(storage.elements >= 0 && !__builtin_mul_overflow(storage.elements, width, &size) &&
                static_cast<std::uint64_t>(size) == found->second.size(),
            "{}: storage {} has {} bytes, not {} elements of {}", what, printable(storage.key),
            found->second.size(), storage.elements, safetensors_name(storage.dtype));
    at::Tensor& bytes = bytes_of[storage.key];
    if (!bytes.defined()) bytes = alias_bytes(file, found->second, kWidestElement);
    const bool added = tensors
                           .emplace(*name, view_storage(bytes, storage.dtype, info.offset,
                                                        info.sizes, info.strides, what))
                           .second;
    require(added, "{}: duplicate", what);
  }
  return tensors;
}

Tensors read_zip(const File& file) {
  constexpr std::string_view kPickle = "/data.pkl", kByteOrder = "/byteorder", kData = "/data/";
  const auto records = read_zip_directory(file->bytes(), file->name());
  std::string_view folder;
  std::string_view pickled;
  for (const auto& [name, bytes] : records) {
    if (!name.ends_with(kPickle) || name.find('/') != name.size() - kPickle.size()) continue;
    require(folder.empty(), "{}: has more than one data.pkl", file->name());
    folder = name.substr(0, name.size() - kPickle.size());
    pickled = bytes;
  }
  require(!folder.empty(), "{}: zip archive without data.pkl; not written by torch.save",
          file->name());
  Storages storages;
  for (const auto& [name, bytes] : records) {
    if (!name.starts_with(folder)) continue;
    const std::string_view rest = name.substr(folder.size());
    if (rest.starts_with(kData)) storages.emplace(rest.substr(kData.size()), bytes);
    require(rest != kByteOrder || bytes == "little", "{}: big-endian, expected little-endian",
            file->name());
  }
  std::size_t position = 0;
  return build_tensors(pickle::unpickle(pickled, position, file->name()), storages, file);
}

void check_system(const Unpickled& system, const std::string& file) {
  const auto* fields = std::get_if<pickle::Dict*>(&system.value);
  require(fields != nullptr, "{}: no system information", file);
  for (const auto& [key, value] : (*fields)->items) {
    const auto* name = std::get_if<std::string_view>(&key);
    if (name == nullptr || *name != "little_endian") continue;
    const bool* little = std::get_if<bool>(&value);
    require(little != nullptr && *little, "{}: big-endian, expected little-endian", file);
  }
}

// Five pickles: magic number, protocol version, system information, the object, the storages' keys;
// then the storages, each preceded by its number of elements.
Tensors read_legacy(const File& file) {
  const std::string& name = file->name();
  const std::string_view bytes = file->bytes();
  std::size_t position = 0;
  const auto next = [&] { return pickle::unpickle(bytes, position, name); };

  constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
  const Unpickled magic = next();
  const auto* number = std::get_if<pickle::BigInteger>(&magic.value);
  require(number != nullptr && number->bytes == kMagic,
          "{}: neither a zip archive nor torch's legacy format", name);
  const Unpickled version = next();
  const auto* protocol = std::get_if<std::int64_t>(&version.value);
  require(protocol != nullptr && *protocol == 1001, "{}: protocol version is not 1001", name);
  check_system(next(), name);
  const Unpickled object = next();
  const Unpickled keys = next();

  std::unordered_map<std::string_view, at::ScalarType> dtypes;
  for (const pickle::Storage& storage : object.storages) {
    const auto dtype = dtypes.emplace(storage.key, storage.dtype).first->second;
    require(dtype == storage.dtype, "{}: storage {} is used as {} and {}", name,
            printable(storage.key), safetensors_name(dtype), safetensors_name(storage.dtype));
  }
  const auto* list = std::get_if<pickle::List*>(&keys.value);
  require(list != nullptr, "{}: list of storages is missing", name);
  Storages storages;
  for (const pickle::Value& value : (*list)->items) {
    const auto* key = std::get_if<std::string_view>(&value);
    const auto dtype = key == nullptr ? dtypes.end() : dtypes.find(*key);
    require(dtype != dtypes.end(), "{}: contains a storage that no tensor uses", name);
    std::int64_t elements = 0;
    const std::string shown = printable(*key);
    require(bytes.size() - position >= sizeof elements, "{}: truncated before storage {}", name,
            shown);
    std::memcpy(&elements, bytes.data() + position, sizeof elements);
    position += sizeof elements;
    const std::size_t width = at::elementSize(dtype->second);
    require(
        elements >= 0 && static_cast<std::uint64_t>(elements) <= (bytes.size() - position) / width,
        "{}: storage {} of {} elements at byte {} exceeds the file: truncated? fetch it again",
        name, shown, elements, position);
    const std::size_t size = static_cast<std::size_t>(elements) * width;
    require(storages.emplace(*key, bytes.substr(position, size)).second, "{}: duplicate storage {}",
            name, shown);
    position += size;
  }
  return build_tensors(object, storages, file);
}

}  // namespace

Tensors read_torch_bin(const std::filesystem::path& path) {
  const File file = MappedFile::open(path);
  refuse_lfs_pointer(*file);
  if (file->bytes().starts_with("PK\x03\x04")) return read_zip(file);
  require(file->bytes().starts_with('\x80'), "{}: neither a zip archive nor torch's legacy format",
          file->name());
  return read_legacy(file);
}

}  // namespace braid
