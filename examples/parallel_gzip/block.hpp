#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include <workpool/core/literals.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace parallel_gzip {

using namespace workpool::literals;

/// pigz's choice, too. Long enough that restarting the compressor costs little, short enough to share the work.
inline constexpr std::size_t block_size = 128_KiB;

/// As far back as the deflate format can refer (RFC 1951, section 2).
inline constexpr std::size_t history_size = 32_KiB;

/// More than the worst block needs: what cannot be compressed is stored, with 5 bytes for every 16 KiB.
inline constexpr std::size_t packed_size = block_size + 1_KiB;

/// Memory of this process.
using own_memory = std::unique_ptr<unsigned char[]>;
inline unsigned char* bytes(const own_memory& memory) { return memory.get(); }

/// Memory that worker processes see, too.
inline unsigned char* bytes(const workpool::shared_buffer& memory) {
  return reinterpret_cast<unsigned char*>(memory.span().data());
}

/// What is known of a block, beside its bytes. Units: bytes.
struct block_facts {
  std::size_t history_used = 0, data_used = 0, packed_used = 0;
  unsigned long crc = 0;  // CRC-32 of the data
  int level = 6;
  bool last = false;
};

/// One piece of the input and, later, what it was compressed to. It carries everything its compression needs, so blocks
/// can be compressed in any order, by any thread, or process where that is who sees its Memory: bytes() gives the first
/// of room_size bytes.
template <class Memory>
struct block {
  static constexpr std::size_t room_size =
      history_size + block_size + packed_size;  // [end of the block before | data | packed]

  Memory memory{};
  block_facts is{};

  std::span<unsigned char> history_room() const { return std::span(bytes(memory), history_size); }
  std::span<unsigned char> data_room() const { return std::span(bytes(memory) + history_size, block_size); }
  std::span<unsigned char> packed_room() const {
    return std::span(bytes(memory) + history_size + block_size, packed_size);
  }
  std::span<const unsigned char> history() const { return history_room().first(is.history_used); }
  std::span<const unsigned char> data() const { return data_room().first(is.data_used); }
  std::span<const unsigned char> packed() const { return packed_room().first(is.packed_used); }
};

}  // namespace parallel_gzip
