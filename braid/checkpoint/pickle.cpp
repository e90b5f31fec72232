#include "braid/checkpoint/pickle.h"

#include <array>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "braid/checkpoint/pickle_calls.h"
#include "braid/error.h"

namespace braid::pickle {
namespace {

// Far above any real checkpoint; bounds memory to about a GB.
constexpr std::int64_t kMostSteps = 10'000'000;

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
    check_pickle(holds, what_, format, std::forward<Args>(args)...);
  }

  [[noreturn]] void refuse(std::string_view name) const { refuse_call(name, what_); }

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
        check(stack_.empty() && marks_.empty(), "values left on the stack at the end");
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
      case 'T':  // BINSTRING, strings of Python 2
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
        check(is<std::string_view>(name) && is<std::string_view>(module), "a name is not a string");
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
      case 0x8f:
        return "opcode EMPTY_SET";
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
    check(size <= rest(), "truncated: needs {} bytes at byte {}, {} left", size, position_, rest());
    const std::string_view taken = bytes_.substr(position_, size);
    position_ += size;
    return taken;
  }

  std::string_view take_line() {
    const std::size_t end = bytes_.substr(position_, 1000).find('\n');
    check(end != std::string_view::npos, "truncated: unterminated name at byte {}", position_);
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

  // Never pops below the last mark.
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
    push(find_global(module, name, what_));
  }

  void reduce() {
    const Value arguments = pop();
    const Value callable = pop();
    check(is<Global>(callable), "calls {}", describe(callable));
    push(call(std::get<Global>(callable), read_tuple(arguments, "a call's arguments", what_),
              result_, what_));
  }

  void push_storage() { push(find_storage(pop(), result_, what_)); }

  // Ignored: state_dict() has version numbers as an attribute of its OrderedDict.
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
  constexpr std::array kNames = {"None",          "a boolean", "an integer", "a number",
                                 "a big integer", "a string",  "a class",    "a storage",
                                 "a tensor",      "a list",    "a dict"};
  static_assert(kNames.size() == std::variant_size_v<Value>);
  return kNames[value.index()];
}

}  // namespace braid::pickle
