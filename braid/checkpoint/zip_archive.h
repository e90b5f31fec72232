// Directory of a zip archive of stored (uncompressed) records, as written by torch.save. Not
// libtorch's reader, which allocates whatever size a record declares and leaks on malformed ones.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace braid {

// Records by name, both aliasing `bytes`. Error starting with `what` if the archive is malformed or
// has compressed, encrypted, duplicate, overlapping or truncated records.
std::unordered_map<std::string_view, std::string_view> read_zip_directory(std::string_view bytes,
                                                                          const std::string& what);

}  // namespace braid
