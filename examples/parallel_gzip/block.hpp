#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <workpool/core/literals.hpp>

namespace parallel_gzip {

using namespace workpool::literals;

/// pigz's choice, too. Long enough that restarting the compressor costs little, short enough to share the work.
inline constexpr std::size_t block_size = 128_KiB;

/// As far back as the deflate format can refer (RFC 1951, section 2).
inline constexpr std::size_t history_size = 32_KiB;

/// One piece of the input and, later, what it was compressed to. It carries everything its compression needs, so blocks
/// can be compressed in any order, by any thread.
/// Memory: about 290 KiB, used again for later blocks (see block_reader::recycle).
struct block {
  std::array<unsigned char, history_size> history_room;  // the end of the block before
  std::array<unsigned char, block_size> data_room;
  std::size_t history_used = 0;
  std::size_t data_used = 0;
  bool last = false;

  std::vector<unsigned char> packed_room;  // grows to what the worst block needs, and stays so
  std::size_t packed_used = 0;
  unsigned long crc = 0;  // CRC-32 of data()

  std::span<const unsigned char> history() const { return std::span(history_room).first(history_used); }
  std::span<const unsigned char> data() const { return std::span(data_room).first(data_used); }
  std::span<const unsigned char> packed() const { return std::span(packed_room).first(packed_used); }
};

using block_ptr = std::unique_ptr<block>;

}  // namespace parallel_gzip
