// A restricted pickle machine: protocols 2 to 4 as torch.save writes tensors. It builds plain data
// and descriptions of tensors and calls nothing; any other opcode or name is an Error.
#pragma once

#include <ATen/core/ScalarType.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace braid::pickle {

struct List;
struct Dict;
struct Storage;
struct TensorInfo;

struct None {};
// An integer of more than 64 bits: little-endian two's complement.
struct BigInteger {
  std::string_view bytes;
};
// The names a pickle may refer to.
enum class Callable {
  kOrderedDict,
  kRebuildTensor,  // of the first versions, without requires_grad and hooks
  kRebuildTensorV2,
  kRebuildParameter,
  kRebuildParameterWithState,
  kRebuildFromType,  // a tensor with attributes
  kTensorClass,
  kStorage,
};
struct Global {
  Callable callable;
  std::string_view name;
  at::ScalarType dtype = at::kByte;  // of kStorage
};
// Tuples are lists too. Strings alias the pickle's bytes; pointers are owned by Unpickled.
using Value = std::variant<None, bool, std::int64_t, double, BigInteger, std::string_view, Global,
                           const Storage*, const TensorInfo*, List*, Dict*>;

struct List {
  bool tuple;
  std::vector<Value> items;
};
struct Dict {
  std::vector<std::pair<Value, Value>> items;
};
struct Storage {
  std::string_view key;
  at::ScalarType dtype;
  std::int64_t elements;
};
// A tensor as declared by the pickle, not yet checked against the storage.
struct TensorInfo {
  const Storage* storage;
  std::int64_t offset;  // in elements, as are strides
  std::vector<std::int64_t> sizes, strides;
};

// The value of a pickle, and the objects it points to.
struct Unpickled {
  Value value;
  std::deque<List> lists;
  std::deque<Dict> dicts;
  std::deque<Storage> storages;
  std::deque<TensorInfo> tensors;
};

// Runs the pickle at bytes[position] and moves `position` past it. `bytes` must outlive the
// result. Error starting with `what` for anything malformed or refused.
Unpickled unpickle(std::string_view bytes, std::size_t& position, const std::string& what);

// The kind of a value, for messages: "a string", "a tensor", ...
const char* describe(const Value& value);

}  // namespace braid::pickle
