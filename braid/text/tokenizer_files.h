// The one account of a checkpoint folder's tokenizer: what transformers' AutoTokenizer makes of its
// files, or Error naming the file. See tokenizer_class.h for which of them count.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "braid/text/tokenizer_description.h"

namespace braid {

// All that has_tokenizer looks for.
std::set<std::string> tokenizer_file_names();

// Whether a folder has any file of a tokenizer, also one that cannot be read, or is not known here.
bool has_tokenizer(const std::filesystem::path& folder);

std::variant<WordPieceDescription, PipelineDescription> read_tokenizer(
    const std::filesystem::path& folder);

// The lines of a vocab.txt, without the white space at their ends. Error naming the file.
std::vector<std::string> read_vocabulary(const std::filesystem::path& file);

}  // namespace braid
