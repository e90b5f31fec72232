// Everything that folders compute, for the differential: stdin: a line of JSON each, [folder, batch
// file, output file, text]; stdout: "ok" or why it was refused. The output file has an outputs
// tensor a name, and "tokens", the text's ids, where the folder has a tokenizer.
#include <fmt/core.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "braid/checkpoint/safetensors.h"
#include "braid/models/model.h"
#include "braid/text/tokenizer.h"

namespace {

braid::Batch read_batch(const std::string& file) {
  const braid::Tensors read = braid::read_safetensors(file);
  return {read.at("input_ids"), read.at("attention_mask").to(at::kBool), read.at("token_type_ids")};
}

void write_outputs(const std::string& folder, const std::string& batch, const std::string& out,
                   const std::string& text) {
  const braid::Model model = braid::load_model(folder);
  braid::Tensors exact, outputs;
  for (const auto& [name, values] : model.parameters) exact[name] = values.to(at::kDouble);
  for (const braid::Output& output :
       braid::all_outputs(*model.network, exact, read_batch(batch), braid::Frame::fixed)) {
    outputs[output.name] = output.values.contiguous();
  }
  if (const auto tokenizer = braid::find_tokenizer(folder)) {
    outputs["tokens"] = at::tensor(tokenizer->encode_sequence(text, 20));
  }
  braid::write_safetensors(out, outputs);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto request = nlohmann::json::parse(line);
    try {
      write_outputs(request.at(0), request.at(1), request.at(2), request.at(3));
      fmt::print("ok\n");
    } catch (const std::exception& refused) {
      std::string why = refused.what();
      for (char& c : why) c = c == '\n' ? ' ' : c;
      fmt::print("{}\n", why);
    }
    std::fflush(stdout);
  }
}
