// The globals known to the pickle machine, and the results of calling them. The names are allowed
// by torch's own restricted reader (torch/_weights_only_unpickler.py); names that do not make plain
// tensors are refused, and so are arguments that would change the tensor.
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

// Error if the name is not known.
Global find_global(std::string_view module, std::string_view name, const std::string& what);

// The result of the call, owned by `made`.
Value call(const Global& callable, const std::vector<Value>& arguments, Unpickled& made,
           const std::string& what);

// The storage of a persistent id: ("storage", class, key, location, elements[, view]).
const Storage* find_storage(const Value& id, Unpickled& made, const std::string& what);

const std::vector<Value>& read_tuple(const Value& value, const char* of, const std::string& what);

}  // namespace braid::pickle
