// What the pickle machine knows by name, and what calls of it make. The names are those that
// torch's own restricted reader allows (torch/_weights_only_unpickler.py); one that makes no plain
// tensor is refused by its name, and so is an argument that would change the tensor.
#pragma once

#include "braid/checkpoint/pickle.h"
#include "braid/error.h"

namespace braid::pickle {

template <typename... Args>
void check_pickle(bool holds, const std::string& what, fmt::format_string<Args...> format,
                  Args&&... args) {
  if (!holds) fail("{}: pickle: {}", what, fmt::format(format, std::forward<Args>(args)...));
}

[[noreturn]] void refuse_call(std::string_view name, const std::string& what);

// Error where it is none of the names.
Global find_global(std::string_view module, std::string_view name, const std::string& what);

// The value that the call makes, in the memory of `made`.
Value call(const Global& callable, const std::vector<Value>& arguments, Unpickled& made,
           const std::string& what);

// Of a persistent id: ("storage", class, key, location, elements[, view]).
const Storage* find_storage(const Value& id, Unpickled& made, const std::string& what);

const std::vector<Value>& read_tuple(const Value& value, const char* of, const std::string& what);

}  // namespace braid::pickle
