// The tokenizer as a filter, for the differentials.
//
//   encode_lines FOLDER             stdin: a line of JSON each, ["encode", text],
//                                   ["sequence", text, max_length], ["pair", a, b, max_length] or
//                                   ["tokens", ""]; stdout: the ids, for a pair then | and the type
//                                   ids; for the last an object of what the tokens are
//   encode_lines --restrict FOLDER TEXT OUT  writes the part of a byte-level tokenizer that a file
//                                   needs
//   encode_lines --train TEXT SIZE true|false   prints a vocabulary learnt from a file (lower
//   case?) encode_lines --time FOLDER TEXT  prints the seconds that encoding a file's lines takes
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "braid/text/lines.h"
#include "braid/text/tokenizer.h"
#include "braid/text/train_vocabulary.h"

namespace {

void encode_lines(const char* folder) {
  const auto tokenizer = braid::load_tokenizer(folder);
  for (std::string line; std::getline(std::cin, line);) {
    const auto request = nlohmann::json::parse(line);
    const std::string kind = request.at(0);
    const std::string text = request.at(1);
    if (kind == "encode") {
      fmt::print("{}\n", fmt::join(tokenizer->encode(text), " "));
    } else if (kind == "sequence") {
      fmt::print("{}\n", fmt::join(tokenizer->encode_sequence(text, request.at(2)), " "));
    } else if (kind == "tokens") {
      nlohmann::json table = {{"tokens", tokenizer->tokens()}, {"mask", nullptr}};
      if (const auto mask = tokenizer->mask()) table["mask"] = *mask;
      auto& special = table["special"] = nlohmann::json::array();
      for (std::int64_t id = 0; id < tokenizer->size(); ++id) {
        if (tokenizer->is_special(id)) special.push_back(id);
      }
      fmt::print("{}\n", table.dump());
    } else {
      const auto [ids, types] =
          tokenizer->encode_pair(text, request.at(2).get<std::string>(), request.at(3));
      fmt::print("{} | {}\n", fmt::join(ids, " "), fmt::join(types, " "));
    }
  }
}

void train(const char* text, const char* size, bool lower_case) {
  braid::VocabularyTraining training;
  training.text.lower_case = lower_case;
  for (const std::string& token :
       braid::train_word_pieces(braid::read_lines(text), std::stoll(size), training)) {
    fmt::print("{}\n", token);
  }
}

void restrict_tokenizer(const char* folder, const char* text, const char* out) {
  std::ifstream file(text, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  const auto whole = braid::load_tokenizer(folder);
  for (const auto& [name, written] : whole->restricted_to(content)->files()) {
    std::ofstream(std::string(out) + "/" + name) << written;
  }
}

void time_encoding(const char* folder, const char* text) {
  const auto tokenizer = braid::load_tokenizer(folder);
  const auto lines = braid::read_lines(text);
  const auto start = std::chrono::steady_clock::now();
  std::size_t tokens = 0;
  for (const std::string& line : lines) tokens += tokenizer->encode(line).size();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{} {}\n", seconds.count(), tokens);
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string first = count > 1 ? arguments[1] : "";
  if (first == "--train" && count == 5) {
    train(arguments[2], arguments[3], std::string(arguments[4]) == "true");
  } else if (first == "--time" && count == 4) {
    time_encoding(arguments[2], arguments[3]);
  } else if (first == "--restrict" && count == 5) {
    restrict_tokenizer(arguments[2], arguments[3], arguments[4]);
  } else if (count == 2) {
    encode_lines(arguments[1]);
  } else {
    fmt::print(stderr, "see the top of encode_lines_main.cpp\n");
    return 2;
  }
  return 0;
} catch (const std::exception& problem) {
  fmt::print(stderr, "{}\n", problem.what());
  return 2;
}
