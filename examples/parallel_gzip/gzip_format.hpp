#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "block.hpp"

namespace parallel_gzip {

/// What a gzip header tells about the original.
struct original {
  std::string_view name;   // without directories; empty: not stored
  std::int64_t mtime = 0;  // seconds since 1970; 0: not known
};

inline void append_little_endian(std::vector<unsigned char>& bytes, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<unsigned char>(value >> shift));
}

/// The first bytes of a gzip member, as gzip(1) writes them.
/// Source: RFC 1952, section 2.3.
inline std::vector<unsigned char> gzip_header(const original& from, int level) {
  constexpr unsigned char deflated = 8, has_name = 8, unix_system = 3;
  const unsigned char effort = level == 9 ? 2 : level == 1 ? 4 : 0;
  const bool representable = from.mtime > 0 && from.mtime <= std::numeric_limits<std::uint32_t>::max();

  std::vector<unsigned char> header{0x1f, 0x8b, deflated, from.name.empty() ? std::uint8_t{0} : has_name};
  append_little_endian(header, representable ? static_cast<std::uint32_t>(from.mtime) : 0);
  header.push_back(effort);
  header.push_back(unix_system);
  if (from.name.empty()) return header;
  header.insert(header.end(), from.name.begin(), from.name.end());
  header.push_back('\0');
  return header;
}

/// Adds up the blocks, in order, to what the trailer says about the whole.
class gzip_trailer {
 public:
  void add(const block_facts& b) {
    crc_ = ::crc32_combine(crc_, b.crc, static_cast<z_off_t>(b.data_used));
    size_ += b.data_used;
  }

  /// The last bytes of the member: the CRC-32 and the size modulo 2^32 of everything that was compressed.
  std::vector<unsigned char> bytes() const {
    std::vector<unsigned char> trailer;
    append_little_endian(trailer, static_cast<std::uint32_t>(crc_));
    append_little_endian(trailer, static_cast<std::uint32_t>(size_));
    return trailer;
  }

 private:
  unsigned long crc_ = ::crc32_z(0, nullptr, 0);
  std::uint64_t size_ = 0;
};

}  // namespace parallel_gzip
