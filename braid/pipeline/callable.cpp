#include "braid/pipeline/callable.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "braid/checkpoint/safetensors.h"
#include "braid/error.h"

namespace braid {
namespace {

namespace fs = std::filesystem;

// Arguments: script, function, folder, number of models in it.
constexpr const char* program = R"(
import importlib.util, sys
import torch
from safetensors.torch import load_file, save_file
script, function, folder, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
spec = importlib.util.spec_from_file_location("callable", script)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
for i in range(count):
    with torch.no_grad():
        outputs = getattr(module, function)(load_file(f"{folder}/{i}.safetensors"))
    if torch.is_tensor(outputs):
        outputs = [outputs]
    if not isinstance(outputs, dict):
        outputs = {f"output.{k}": output for k, output in enumerate(outputs)}
    save_file({name: output.contiguous().clone() for name, output in outputs.items()},
              f"{folder}/outputs.{i}.safetensors")
)";

// A temporary folder, removed by the destructor.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "braid-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "{}: cannot be created: {}", name,
            std::strerror(errno));
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// The program's output goes to standard error; standard output is for results.
void run(std::vector<std::string> words, const std::string& title) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t streams;
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_adddup2(&streams, STDERR_FILENO, STDOUT_FILENO);
  pid_t process = 0;
  const int failure =
      posix_spawnp(&process, arguments.front(), &streams, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&streams);
  require(failure == 0, "{}: cannot be run: {}", words.front(), std::strerror(failure));
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
  require(WIFEXITED(status) && WEXITSTATUS(status) == 0, "{}: failed under {}; its output is above",
          title, words.front());
}

}  // namespace

Callable parse_callable(const std::string& text, const std::string& python) {
  const std::size_t colon = text.rfind(':');
  require(colon != std::string::npos && colon > 0 && colon + 1 < text.size(),
          "`callable` is '{}', expected SCRIPT.py:FUNCTION", text);
  Callable callable{text.substr(0, colon), text.substr(colon + 1), python};
  require(fs::is_regular_file(callable.script), "{}: cannot be opened", callable.script.string());
  return callable;
}

std::vector<Tensors> outputs_of(const Callable& callable, const std::vector<Tensors>& models) {
  const ScratchFolder folder;
  const auto file = [&](const std::string& name, std::size_t i) {
    return folder.path() / (name + std::to_string(i) + ".safetensors");
  };
  for (std::size_t i = 0; i < models.size(); ++i) write_safetensors(file("", i), models[i]);
  const std::string title = callable.script.string() + ":" + callable.function;
  run({callable.python, "-c", program, callable.script.string(), callable.function,
       folder.path().string(), std::to_string(models.size())},
      title);
  std::vector<Tensors> outputs;
  for (std::size_t i = 0; i < models.size(); ++i) {
    outputs.emplace_back();
    for (const auto& [name, tensor] : read_safetensors(file("outputs.", i))) {
      outputs.back()[name] = tensor.clone();  // the mapped file is removed
    }
    require(!outputs.back().empty(), "{}: returns no tensors", title);
  }
  return outputs;
}

}  // namespace braid
