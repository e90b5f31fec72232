#include "braid/checkpoint/pickle_calls.h"

#include <algorithm>
#include <array>

#include "braid/json/printable.h"

namespace braid::pickle {
namespace {

constexpr std::size_t kMostDimensions = 64;  // of a tensor, as in libtorch

struct Name {
  std::string_view module, name;
  Callable callable;
};
constexpr std::array kNames = {
    Name{"collections", "OrderedDict", Callable::kOrderedDict},
    Name{"torch._utils", "_rebuild_tensor", Callable::kRebuildTensor},
    Name{"torch._utils", "_rebuild_tensor_v2", Callable::kRebuildTensorV2},
    Name{"torch._utils", "_rebuild_parameter", Callable::kRebuildParameter},
    Name{"torch._utils", "_rebuild_parameter_with_state", Callable::kRebuildParameterWithState},
    Name{"torch._tensor", "_rebuild_from_type_v2", Callable::kRebuildFromType},
    Name{"torch", "Tensor", Callable::kTensorClass},
    Name{"torch.nn.parameter", "Parameter", Callable::kTensorClass},
};
constexpr std::array<std::pair<std::string_view, at::ScalarType>, 11> kStorages = {{
    {"DoubleStorage", at::kDouble},
    {"FloatStorage", at::kFloat},
    {"HalfStorage", at::kHalf},
    {"BFloat16Storage", at::kBFloat16},
    {"LongStorage", at::kLong},
    {"IntStorage", at::kInt},
    {"ShortStorage", at::kShort},
    {"CharStorage", at::kChar},
    {"ByteStorage", at::kByte},
    {"BoolStorage", at::kBool},
    {"UntypedStorage", at::kByte},
}};

template <typename T>
bool is(const Value& value) {
  return std::holds_alternative<T>(value);
}

// One call; every argument is checked.
class Call {
 public:
  Call(const Global& callable, const std::vector<Value>& arguments, Unpickled& made,
       const std::string& what)
      : callable_(callable), arguments_(arguments), made_(made), what_(what) {}

  Value run() const {
    switch (callable_.callable) {
      case Callable::kOrderedDict:
        return dict();
      case Callable::kRebuildTensor:
        check_count(4, 4);
        return tensor();
      case Callable::kRebuildTensorV2:
        check_count(6, 7);
        check_training(4);
        if (arguments_.size() == 7) check_metadata(arguments_[6]);
        return tensor();
      case Callable::kRebuildParameter:
        check_count(3, 3);
        check_training(1);
        return made_tensor(arguments_[0]);
      case Callable::kRebuildParameterWithState:
        check_count(4, 4);
        check_training(1);
        check_attributes(arguments_[3]);
        return made_tensor(arguments_[0]);
      case Callable::kRebuildFromType:
        return from_type();
      case Callable::kTensorClass:
      case Callable::kStorage:
        refuse(fmt::format("a call of {}", callable_.name));
    }
    refuse(callable_.name);
  }

 private:
  template <typename... Args>
  void check(bool holds, fmt::format_string<Args...> format, Args&&... args) const {
    check_pickle(holds, what_, format, std::forward<Args>(args)...);
  }
  [[noreturn]] void refuse(std::string_view name) const { refuse_call(name, what_); }

  void check_count(std::size_t least, std::size_t most) const {
    const std::size_t count = arguments_.size();
    check(count >= least && count <= most, "a malformed call of {}: {} arguments", callable_.name,
          count);
  }

  // (..., requires_grad, backward_hooks, ...): hooks would be code to run.
  void check_training(std::size_t first) const {
    check(is<bool>(arguments_[first]), "{}: requires_grad is {}, expected a boolean",
          callable_.name, describe(arguments_[first]));
    const Value& hooks = arguments_[first + 1];
    Dict* const* dict = std::get_if<Dict*>(&hooks);
    if (!is<None>(hooks) && !(dict && (*dict)->items.empty())) {
      refuse(fmt::format("{} with backward hooks", callable_.name));
    }
  }

  // Bits that mark the values as lazily conjugated or negated.
  void check_metadata(const Value& value) const {
    if (is<None>(value)) return;
    Dict* const* dict = std::get_if<Dict*>(&value);
    check(dict != nullptr, "{}: metadata is {}, expected a dict", callable_.name, describe(value));
    for (const auto& [key, bit] : (*dict)->items) {
      const auto* name = std::get_if<std::string_view>(&key);
      const bool* set = std::get_if<bool>(&bit);
      if (name == nullptr || set == nullptr || *set) {
        refuse(fmt::format("{} with metadata {}", callable_.name, name ? *name : describe(key)));
      }
    }
  }

  // Python attributes of a tensor, irrelevant to its values: a dict, or a pair of it and slots.
  void check_attributes(const Value& value) const {
    const auto fits = [](const Value& part) { return is<None>(part) || is<Dict*>(part); };
    List* const* both = std::get_if<List*>(&value);
    check(fits(value) || (both && (*both)->items.size() == 2 &&
                          std::all_of((*both)->items.begin(), (*both)->items.end(), fits)),
          "{}: attributes are {}, expected a dict", callable_.name, describe(value));
  }

  Value made_tensor(const Value& value) const {
    check(is<const TensorInfo*>(value), "{} of {}, expected a tensor", callable_.name,
          describe(value));
    return value;
  }

  // (function, class, arguments, attributes)
  Value from_type() const {
    check_count(4, 4);
    const auto* function = std::get_if<Global>(&arguments_[0]);
    const auto* type = std::get_if<Global>(&arguments_[1]);
    check(function && type && type->callable == Callable::kTensorClass &&
              function->callable != Callable::kRebuildFromType,
          "a malformed call of {}", callable_.name);
    check_attributes(arguments_[3]);
    return made_tensor(
        Call(*function, read_tuple(arguments_[2], "a call's arguments", what_), made_, what_)
            .run());
  }

  // Empty, or made of a list of pairs, as in Python 2.
  Value dict() const {
    check_count(0, 1);
    Dict& dict = made_.dicts.emplace_back();
    if (arguments_.empty()) return &dict;
    List* const* pairs = std::get_if<List*>(&arguments_[0]);
    check(pairs != nullptr, "an OrderedDict made of {}", describe(arguments_[0]));
    for (const Value& item : (*pairs)->items) {
      List* const* pair = std::get_if<List*>(&item);
      check(pair != nullptr && (*pair)->items.size() == 2, "an OrderedDict's item is {}",
            describe(item));
      dict.items.emplace_back((*pair)->items[0], (*pair)->items[1]);
    }
    return &dict;
  }

  std::int64_t integer(const Value& value, const char* of) const {
    check(is<std::int64_t>(value), "{} is {}, expected an integer", of, describe(value));
    return std::get<std::int64_t>(value);
  }

  std::vector<std::int64_t> integers(const Value& value, const char* of) const {
    std::vector<std::int64_t> numbers;
    const std::vector<Value>& items = read_tuple(value, of, what_);
    // Bounds memory: a memoised tuple is copied by every tensor that uses it.
    check(items.size() <= kMostDimensions, "{} has {} dimensions, at most {} allowed", of,
          items.size(), kMostDimensions);
    for (const Value& item : items) numbers.push_back(integer(item, of));
    return numbers;
  }

  // (storage, offset, sizes, strides, ...)
  Value tensor() const {
    check(is<const Storage*>(arguments_[0]), "{} on {}, expected a storage", callable_.name,
          describe(arguments_[0]));
    return &made_.tensors.emplace_back(TensorInfo{std::get<const Storage*>(arguments_[0]),
                                                  integer(arguments_[1], "a tensor's offset"),
                                                  integers(arguments_[2], "a tensor's shape"),
                                                  integers(arguments_[3], "a tensor's strides")});
  }

  const Global& callable_;
  const std::vector<Value>& arguments_;
  Unpickled& made_;
  const std::string& what_;
};

}  // namespace

void refuse_call(std::string_view name, const std::string& what) {
  fail("{}: refused: {}; only plain tensors are read", what, printable(name));
}

Global find_global(std::string_view module, std::string_view name, const std::string& what) {
  for (const Name& known : kNames) {
    if (known.module == module && known.name == name) return {known.callable, known.name};
  }
  for (const auto& [storage, dtype] : kStorages) {
    if (name == storage && (module == "torch" || module == "torch.storage")) {
      return {Callable::kStorage, storage, dtype};
    }
  }
  refuse_call(fmt::format("{}.{}", module, name), what);
}

Value call(const Global& callable, const std::vector<Value>& arguments, Unpickled& made,
           const std::string& what) {
  return Call(callable, arguments, made, what).run();
}

const Storage* find_storage(const Value& id, Unpickled& made, const std::string& what) {
  const std::vector<Value>& values = read_tuple(id, "a persistent id", what);
  const auto* kind = values.empty() ? nullptr : std::get_if<std::string_view>(&values[0]);
  check_pickle(kind != nullptr, what, "a malformed persistent id");
  if (*kind != "storage") refuse_call(fmt::format("persistent id {}", *kind), what);
  check_pickle(values.size() == 5 || values.size() == 6, what, "a malformed storage");
  const auto* type = std::get_if<Global>(&values[1]);
  const auto* key = std::get_if<std::string_view>(&values[2]);
  const auto* elements = std::get_if<std::int64_t>(&values[4]);
  const bool is_storage = type != nullptr && type->callable == Callable::kStorage &&
                          key != nullptr && is<std::string_view>(values[3]);  // the device
  check_pickle(is_storage, what, "a malformed storage");
  check_pickle(elements != nullptr, what, "a storage's size is {}, expected an integer",
               describe(values[4]));
  check_pickle(values.size() == 5 || is<None>(values[5]), what,
               "a storage that is a view of another: save the file again with a newer torch");
  return &made.storages.emplace_back(Storage{*key, type->dtype, *elements});
}

const std::vector<Value>& read_tuple(const Value& value, const char* of, const std::string& what) {
  List* const* list = std::get_if<List*>(&value);
  check_pickle(list != nullptr && (*list)->tuple, what, "{} is {}, expected a tuple", of,
               describe(value));
  return (*list)->items;
}

}  // namespace braid::pickle
