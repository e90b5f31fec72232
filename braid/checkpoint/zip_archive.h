// A zip archive of stored (uncompressed) records, as torch.save writes: where each record lies.
// Own code because libtorch's reader allocates what a record claims to need and leaks on bad ones.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace braid {

// Records by name, both aliasing `bytes`. Error, opening with `what`, if the archive is malformed:
// records compressed, encrypted, doubled, overlapping or beyond the archive.
std::unordered_map<std::string_view, std::string_view> read_zip_directory(std::string_view bytes,
                                                                          const std::string& what);

}  // namespace braid
