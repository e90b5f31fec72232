// Reads a checkpoint folder's tokenizer files as transformers' AutoTokenizer does, or throws,
// naming the file. See tokenizer_class.h for which files are used.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "braid/text/tokenizer_description.h"

namespace braid {

// All files that has_tokenizer checks for.
std::set<std::string> tokenizer_file_names();

// Does a folder have any tokenizer file, even an unreadable or unsupported one?
bool has_tokenizer(const std::filesystem::path& folder);

std::variant<WordPieceDescription, PipelineDescription> read_tokenizer(
    const std::filesystem::path& folder);

// The lines of a vocab.txt, without trailing white space. Throws, naming the file.
std::vector<std::string> read_vocabulary(const std::filesystem::path& file);

}  // namespace braid
