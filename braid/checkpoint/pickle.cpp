#include "braid/checkpoint/pickle.h"

#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid::pickle {
namespace {

// Far above any real checkpoint; bounds memory to about a GB.
constexpr std::int64_t kMostSteps = 10'000'000;
constexpr std::size_t kMostDimensions = 64;  // of a tensor, as libtorch's

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

class Machine {
 public:
  Machine(std::string_view bytes, std::size_t& position, const std::string& what)
      : bytes_(bytes), position_(position), what_(what) {}

  Unpickled run() {
    for (std::int64_t steps = 0; !stopped_; ++steps) {
      check(steps < kMostSteps, "more than {} steps", kMostSteps);
      step(static_cast<unsigned char>(take(1)[0]));
    }
    return std::move(result_);
  }

 private:
  template <typename... Args>
  void check(bool holds, fmt::format_string<Args...> format, Args&&... args) const {
    if (holds) return;
    fail("{}: pickle: {}", what_, fmt::format(format, std::forward<Args>(args)...));
  }

  [[noreturn]] void refuse(std::string_view name) const {
    fail("{}: refused: {}: only tensors are read", what_, printable(name));
  }

  void step(unsigned char opcode) {
    switch (opcode) {
      case 0x80: {  // PROTO
        const auto protocol = read_number<std::uint8_t>();
        check(protocol >= 2 && protocol <= 4, "protocol {}, expected 2, 3 or 4", protocol);
        return;
      }
      case 0x95:  // FRAME
        check(read_number<std::uint64_t>() <= rest(), "truncated frame");
        return;
      case '.':  // STOP
        result_.value = pop();
        check(stack_.empty() && marks_.empty(), "values left over at its end");
        stopped_ = true;
        return;
      case 'N':
        return push(None{});
      case 0x88:
        return push(true);
      case 0x89:
        return push(false);
      case 'J':
        return push(std::int64_t{read_number<std::int32_t>()});
      case 'K':
        return push(std::int64_t{read_number<std::uint8_t>()});
      case 'M':
        return push(std::int64_t{read_number<std::uint16_t>()});
      case 0x8a:  // LONG1
        return push_long(take(read_number<std::uint8_t>()));
      case 'G':
        return push_float();
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING, as Python 2 wrote texts
        return push(take(read_number<std::uint32_t>()));
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING
        return push(take(read_number<std::uint8_t>()));
      case 0x8d:  // BINUNICODE8
        return push(take(read_number<std::uint64_t>()));
      case '(':
        return marks_.push_back(stack_.size());
      case ')':
        return push_list(true, {});
      case 't':
        return push_list(true, pop_mark());
      case 0x85:
      case 0x86:
      case 0x87:
        return push_list(true, pop_last(opcode - 0x84u));
      case ']':
        return push_list(false, {});
      case 'a':
        return extend_list(pop_last(1));
      case 'e':
        return extend_list(pop_mark());
      case '}':
        return push_dict();
      case 's':
        return extend_dict(pop_last(2));
      case 'u':
        return extend_dict(pop_mark());
      case 'q':
        return store(read_number<std::uint8_t>());
      case 'r':
        return store(read_number<std::uint32_t>());
      case 0x94:  // MEMOIZE
        return store(static_cast<std::uint32_t>(memo_.size()));
      case 'h':
        return load(read_number<std::uint8_t>());
      case 'j':
        return load(read_number<std::uint32_t>());
      case 'c': {
        const std::string_view module = take_line();
        return push_global(module, take_line());
      }
      case 0x93: {  // STACK_GLOBAL
        const Value name = pop();
        const Value module = pop();
        check(is<std::string_view>(name) && is<std::string_view>(module), "a name is not a text");
        return push_global(std::get<std::string_view>(module), std::get<std::string_view>(name));
      }
      case 'R':
        return reduce();
      case 'b':
        return set_state();
      case 'Q':
        return push_storage();
      case 'i': {
        const std::string_view module = take_line();
        refuse(fmt::format("{}.{}", module, take_line()));
      }
      default:
        refuse(name_opcode(opcode));
    }
  }

  static std::string name_opcode(unsigned char opcode) {
    switch (opcode) {
      case 'o':
        return "opcode OBJ";
      case 0x81:
        return "opcode NEWOBJ";
      case 0x92:
        return "opcode NEWOBJ_EX";
      case 'P':
        return "opcode PERSID";
      case 0x82:
      case 0x83:
      case 0x84:
        return "opcode EXT";
      default:
        return fmt::format("opcode {:#04x}", opcode);
    }
  }

  template <typename T>
  static bool is(const Value& value) {
    return std::holds_alternative<T>(value);
  }

  std::size_t rest() const { return bytes_.size() - position_; }

  std::string_view take(std::uint64_t size) {
    check(size <= rest(), "truncated: {} bytes wanted at byte {}, {} left", size, position_,
          rest());
    const std::string_view taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }

  std::string_view take_line() {
    const std::size_t end = bytes_.substr(position_, 1000).find('\n');
    check(end != std::string_view::npos, "truncated: a name without end at byte {}", position_);
    const std::string_view line = take(end);
    take(1);
    return line;
  }

  template <typename T>
  T read_number() {
    T number;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }

  void push(Value value) { stack_.push_back(value); }

  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(std::int64_t)) return push(BigInteger{bytes});
    const bool negative = !bytes.empty() && (bytes.back() & 0x80) != 0;
    std::int64_t number = negative ? -1 : 0;
    std::memcpy(&number, bytes.data(), bytes.size());
    push(number);
  }

  void push_float() {  // big-endian
    push(std::bit_cast<double>(__builtin_bswap64(read_number<std::uint64_t>())));
  }

  // A value may not be taken from below the last mark.
  std::vector<Value> pop_last(std::size_t count) {
    const std::size_t floor = marks_.empty() ? 0 : marks_.back();
    check(stack_.size() - floor >= count, "the stack is empty at byte {}", position_);
    std::vector<Value> values(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return values;
  }
  Value pop() { return pop_last(1).front(); }
  std::vector<Value> pop_mark() {
    check(!marks_.empty(), "no mark at byte {}", position_);
    std::vector<Value> values = pop_last(stack_.size() - marks_.back());
    marks_.pop_back();
    return values;
  }
  const Value& top() const {
    check(stack_.size() > (marks_.empty() ? 0 : marks_.back()), "the stack is empty at byte {}",
          position_);
    return stack_.back();
  }

  void push_list(bool tuple, std::vector<Value> items) {
    push(&result_.lists.emplace_back(List{tuple, std::move(items)}));
  }

  void push_dict() { push(&result_.dicts.emplace_back()); }

  void extend_list(const std::vector<Value>& items) {
    List* const* list = std::get_if<List*>(&top());
    check(list != nullptr && !(*list)->tuple, "appends to {}", describe(top()));
    (*list)->items.insert((*list)->items.end(), items.begin(), items.end());
  }

  void extend_dict(const std::vector<Value>& items) {
    Dict* const* dict = std::get_if<Dict*>(&top());
    check(dict != nullptr, "sets items of {}", describe(top()));
    check(items.size() % 2 == 0, "a key without a value");
    for (std::size_t i = 0; i < items.size(); i += 2) {
      (*dict)->items.emplace_back(items[i], items[i + 1]);
    }
  }

  void store(std::uint32_t index) { memo_[index] = top(); }

  void load(std::uint32_t index) {
    const auto found = memo_.find(index);
    check(found != memo_.end(), "memo {} is empty", index);
    push(found->second);
  }

  void push_global(std::string_view module, std::string_view name) {
    if (module == "collections" && name == "OrderedDict") {
      return push(Global{Callable::kOrderedDict, {}});
    }
    if (module == "torch._utils" && name == "_rebuild_tensor_v2") {
      return push(Global{Callable::kRebuildTensor, {}});
    }
    if (module == "torch._utils" && name == "_rebuild_parameter") {
      return push(Global{Callable::kRebuildParameter, {}});
    }
    for (const auto& [storage, dtype] : kStorages) {
      if (name == storage && (module == "torch" || module == "torch.storage")) {
        return push(Global{Callable::kStorage, dtype});
      }
    }
    refuse(fmt::format("{}.{}", module, name));
  }

  const std::vector<Value>& read_tuple(const Value& value, const char* of) const {
    List* const* list = std::get_if<List*>(&value);
    check(list != nullptr && (*list)->tuple, "{} is {}, expected a tuple", of, describe(value));
    return (*list)->items;
  }

  std::int64_t read_integer(const Value& value, const char* of) const {
    check(is<std::int64_t>(value), "{} is {}, expected an integer", of, describe(value));
    return std::get<std::int64_t>(value);
  }

  std::vector<std::int64_t> read_integers(const Value& value, const char* of) const {
    std::vector<std::int64_t> numbers;
    const std::vector<Value>& items = read_tuple(value, of);
    // A tuple is remembered once and used by many tensors, each with its own copy.
    check(items.size() <= kMostDimensions, "{} has {} dimensions, at most {} allowed", of,
          items.size(), kMostDimensions);
    for (const Value& item : items) numbers.push_back(read_integer(item, of));
    return numbers;
  }

  void reduce() {
    const Value arguments = pop();
    const Value callable = pop();
    check(is<Global>(callable), "calls {}", describe(callable));
    const std::vector<Value>& values = read_tuple(arguments, "a call's arguments");
    switch (std::get<Global>(callable).callable) {
      case Callable::kOrderedDict:
        check(values.empty(), "an OrderedDict made with arguments");
        return push_dict();
      case Callable::kRebuildTensor:
        return push_tensor(values);
      case Callable::kRebuildParameter:
        check(values.size() == 3 && is<const TensorInfo*>(values[0]), "a malformed parameter");
        return push(values[0]);
      case Callable::kStorage:
        refuse("a call of a storage class");
    }
  }

  // (storage, offset, sizes, strides, requires_grad, backward_hooks[, metadata]); the last are for
  // training only.
  void push_tensor(const std::vector<Value>& values) {
    check((values.size() == 6 || values.size() == 7) && is<const Storage*>(values[0]),
          "a malformed tensor");
    push(&result_.tensors.emplace_back(TensorInfo{std::get<const Storage*>(values[0]),
                                                  read_integer(values[1], "a tensor's offset"),
                                                  read_integers(values[2], "a tensor's shape"),
                                                  read_integers(values[3], "a tensor's strides")}));
  }

  // ("storage", class, key, location, elements[, view]) -> storage
  void push_storage() {
    const Value id = pop();
    const std::vector<Value>& values = read_tuple(id, "a persistent id");
    const auto* kind = values.empty() ? nullptr : std::get_if<std::string_view>(&values[0]);
    check(kind != nullptr, "a malformed persistent id");
    if (*kind != "storage") refuse(fmt::format("persistent id {}", *kind));
    check(values.size() == 5 || values.size() == 6, "a malformed storage");
    const auto* type = std::get_if<Global>(&values[1]);
    const auto* key = std::get_if<std::string_view>(&values[2]);
    check(type != nullptr && type->callable == Callable::kStorage && key != nullptr,
          "a malformed storage");
    check(values.size() == 5 || is<None>(values[5]),
          "a storage that is a view of another: save the file again with a newer torch");
    push(&result_.storages.emplace_back(
        Storage{*key, type->dtype, read_integer(values[4], "a storage's size")}));
  }

  // state_dict() carries version numbers as an attribute of its OrderedDict: read over.
  void set_state() {
    const Value state = pop();
    check(is<Dict*>(top()) && is<Dict*>(state), "sets attributes of {}", describe(top()));
  }

  std::string_view bytes_;
  std::size_t& position_;
  const std::string& what_;
  bool stopped_ = false;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Value> memo_;
  Unpickled result_;
};

}  // namespace

Unpickled unpickle(std::string_view bytes, std::size_t& position, const std::string& what) {
  return Machine(bytes, position, what).run();
}

const char* describe(const Value& value) {
  constexpr std::array kNames = {"None",          "a truth value", "an integer", "a number",
                                 "a big integer", "a text",        "a class",    "a storage",
                                 "a tensor",      "a list",        "a dict"};
  static_assert(kNames.size() == std::variant_size_v<Value>);
  return kNames[value.index()];
}

}  // namespace braid::pickle
