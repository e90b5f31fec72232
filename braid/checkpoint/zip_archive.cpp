#include "braid/checkpoint/zip_archive.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "braid/error.h"
#include "braid/json/printable.h"

namespace braid {
namespace {

// Little-endian fields at byte offsets, each checked against the end.
class Fields {
 public:
  Fields(std::string_view bytes, const std::string& what) : bytes_(bytes), what_(what) {}

  template <typename T>
  T read(std::uint64_t at) const {
    T number;
    std::memcpy(&number, cut(at, sizeof number).data(), sizeof number);
    return number;
  }

  std::string_view cut(std::uint64_t at, std::uint64_t size) const {
    require(at <= bytes_.size() && size <= bytes_.size() - at,
            "{}: damaged zip archive: needs byte {} of {}", what_, at, bytes_.size());
    return bytes_.substr(at, size);
  }

 private:
  std::string_view bytes_;
  const std::string& what_;
};

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50,
                        kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;

struct Directory {
  std::uint64_t begin, size, records;
};

Directory find_directory(std::string_view bytes, const std::string& what) {
  const Fields fields(bytes, what);
  constexpr std::size_t kEndSize = 22, kLongestComment = 65535;
  std::size_t end = bytes.size();
  for (std::size_t back = kEndSize; back <= std::min(bytes.size(), kEndSize + kLongestComment);
       ++back) {
    const std::size_t at = bytes.size() - back;
    if (fields.read<std::uint32_t>(at) == kEnd &&
        fields.read<std::uint16_t>(at + 20) == back - kEndSize) {
      end = at;
      break;
    }
  }
  require(end < bytes.size(), "{}: zip archive without its end record: truncated? fetch it again",
          what);
  Directory directory{fields.read<std::uint32_t>(end + 16), fields.read<std::uint32_t>(end + 12),
                      fields.read<std::uint16_t>(end + 10)};
  if (end >= 20 && fields.read<std::uint32_t>(end - 20) == kLocator64) {
    const auto end64 = fields.read<std::uint64_t>(end - 12);
    require(fields.read<std::uint32_t>(end64) == kEnd64, "{}: damaged zip64 archive", what);
    directory = {fields.read<std::uint64_t>(end64 + 48), fields.read<std::uint64_t>(end64 + 40),
                 fields.read<std::uint64_t>(end64 + 32)};
  }
  fields.cut(directory.begin, directory.size);
  return directory;
}

struct Record {
  std::string_view name;
  std::uint64_t size, packed_size, local;
};

// Extra field 1 has the fields that do not fit 32 bits, and only those, in this order.
void read_zip64(std::string_view extra, Record& record, const std::string& what) {
  const Fields fields(extra, what);
  for (std::uint64_t at = 0; at + 4 <= extra.size();) {
    const auto id = fields.read<std::uint16_t>(at);
    const auto size = fields.read<std::uint16_t>(at + 2);
    if (id == 1) {
      const Fields values(fields.cut(at + 4, size), what);
      std::uint64_t next = 0;
      for (std::uint64_t* field : {&record.size, &record.packed_size, &record.local}) {
        if (*field != UINT32_MAX) continue;
        *field = values.read<std::uint64_t>(next);
        next += 8;
      }
      return;
    }
    at += 4u + size;
  }
}

}  // namespace

std::unordered_map<std::string_view, std::string_view> read_zip_directory(std::string_view bytes,
                                                                          const std::string& what) {
  const Directory directory = find_directory(bytes, what);
  const Fields all(bytes, what);
  const Fields central(bytes.substr(directory.begin, directory.size), what);
  const Fields contents(bytes.substr(0, directory.begin),
                        what);  // records end before the directory

  std::unordered_map<std::string_view, std::string_view> records;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> places;  // begin and end of each record
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < directory.records; ++i) {
    require(central.read<std::uint32_t>(at) == kCentral, "{}: damaged zip archive", what);
    const auto flags = central.read<std::uint16_t>(at + 8);
    const auto method = central.read<std::uint16_t>(at + 10);
    const auto name_size = central.read<std::uint16_t>(at + 28);
    const auto extra_size = central.read<std::uint16_t>(at + 30);
    const auto comment_size = central.read<std::uint16_t>(at + 32);
    Record record{central.cut(at + 46, name_size), central.read<std::uint32_t>(at + 24),
                  central.read<std::uint32_t>(at + 20), central.read<std::uint32_t>(at + 42)};
    read_zip64(central.cut(at + 46 + name_size, extra_size), record, what);
    at += 46u + name_size + extra_size + comment_size;

    const std::string shown = printable(record.name);
    require((flags & 1) == 0 && method == 0 && record.size == record.packed_size,
            "{}: record {} is compressed or encrypted; save it again with torch.save", what, shown);
    require(contents.read<std::uint32_t>(record.local) == kLocal,
            "{}: damaged zip archive: no record {} at byte {}", what, shown, record.local);
    const std::uint64_t data = record.local + 30 + all.read<std::uint16_t>(record.local + 26) +
                               all.read<std::uint16_t>(record.local + 28);
    const std::string_view stored = contents.cut(data, record.size);
    require(records.emplace(record.name, stored).second, "{}: duplicate record {}", what, shown);
    places.emplace_back(record.local, data + record.size);
  }
  std::sort(places.begin(), places.end());
  for (std::size_t i = 1; i < places.size(); ++i) {
    require(places[i - 1].second <= places[i].first, "{}: records overlap", what);
  }
  return records;
}

}  // namespace braid
