// Callable: a Python function that computes the outputs of a model of any architecture.
#pragma once

#include <filesystem>

#include "braid/checkpoint/tensors.h"

namespace braid {

struct Callable {
  std::filesystem::path script;
  std::string function;  // from a dict of float64 tensors by name to a tensor, or a list or dict
  std::string python = "python3";  // needs torch and safetensors
};

// Parses SCRIPT.py:FUNCTION. Throws if it has another form or the file does not exist.
Callable parse_callable(const std::string& text, const std::string& python);

// The function's outputs for each model, all in one Python process. Throws if it fails; its output
// goes to stderr.
std::vector<Tensors> outputs_of(const Callable& callable, const std::vector<Tensors>& models);

}  // namespace braid
