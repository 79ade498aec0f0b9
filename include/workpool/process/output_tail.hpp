#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace workpool { inline namespace v0 { namespace detail {

/// The last 4 KiB of a text. Threads: one at a time. Cost: of a flood, a copy of 4 KiB per piece, however long it is.
class output_tail {
 public:
  static constexpr std::size_t size = 4096;  // bytes

  void feed(std::string_view bytes) noexcept {
    fed_ += std::min(bytes.size(), size + 1 - std::min(fed_, size + 1));
    if (bytes.size() > size) bytes.remove_prefix(bytes.size() - size);
    const std::size_t until_end = std::min(bytes.size(), size - next_);
    bytes.copy(ring_.data() + next_, until_end);
    bytes.substr(until_end).copy(ring_.data(), size);
    next_ = (next_ + bytes.size()) % size;
  }

  /// Gives: what is kept; of a text that was longer, from the first whole character of UTF-8 on. Throws: bad_alloc.
  std::string text() const {
    if (fed_ <= size) return std::string(ring_.data(), fed_);
    std::string kept(ring_.data() + next_, size - next_);
    kept.append(ring_.data(), next_);
    constexpr std::size_t longest_rest = 3;  // of a character whose first byte is lost
    const auto begins = [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; };
    const auto first = std::find_if(kept.begin(), kept.begin() + longest_rest + 1, begins);
    if (first != kept.begin() + longest_rest + 1) kept.erase(kept.begin(), first);  // otherwise it is no UTF-8
    return kept;
  }

 private:
  std::array<char, size> ring_{};
  std::size_t next_ = 0;  // < size; where the next byte goes: after a round, that of the oldest one
  std::size_t fed_ = 0;   // bytes in all, not counted beyond size + 1
};

}}}  // namespace workpool::v0::detail
