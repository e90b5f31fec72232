// Callable: a function of Python's that computes what a model of any architecture does.
#pragma once

#include <filesystem>

#include "braid/checkpoint/tensors.h"

namespace braid {

struct Callable {
  std::filesystem::path script;
  std::string function;  // of a dict of float64 tensors by name: a tensor, a list or a dict of them
  std::string python = "python3";  // with torch and safetensors
};

// SCRIPT.py:FUNCTION. Error where it is none, or there is no such file.
Callable parse_callable(const std::string& text, const std::string& python);

// What the function says of each of these, in one process of Python's. Error with what it printed
// last where it fails.
std::vector<Tensors> outputs_of(const Callable& callable, const std::vector<Tensors>& models);

}  // namespace braid
