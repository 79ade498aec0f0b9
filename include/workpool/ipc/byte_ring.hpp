#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/posix/futex.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What writer and reader of a ring say to each other, in memory they share; may begin as zeros. Positions count all
/// bytes there ever were. Whether somebody waits lies beside what he waits for, so that who changes that has it at
/// hand.
struct ring_words {
  alignas(cache_line) std::atomic<std::uint64_t> written{0};  // by the writer
  std::atomic<std::uint32_t> writer_left{0};
  std::atomic<std::uint32_t> reader_waits{0};              // set by the reader, taken by the writer
  alignas(cache_line) std::atomic<std::uint64_t> read{0};  // by the reader
  std::atomic<std::uint32_t> reader_left{0};
  futex_word writer_waits{0};  // set by the writer, taken by the reader
};

/// Bytes from one process to another through memory of both: a ring of them, whose size is a power of two. Either side
/// keeps its own position to itself and takes what the other one says for a claim: the worst that a process can do to
/// the other side is to write nonsense.
///
/// What each of the two does and then looks at is in one order of all of these (seq_cst): the writer writes and then
/// looks whether the reader waits, the reader says that it waits and then looks whether there is something; with room
/// it is the other way round.
/// Source: the single-producer ring of L. Lamport ("Proving the correctness of multiprocess programs", 1977).
class ring_writer {
 public:
  ring_writer(ring_words& words, std::span<std::byte> bytes) noexcept : words_(words), bytes_(bytes) {}

  /// Gives: how many bytes of these pieces it has written, from the front on; nothing where the reader has left, or
  /// says what cannot be. Threads: one at a time.
  std::optional<std::size_t> write(std::span<const std::span<const std::byte>> pieces) noexcept {
    if (words_.reader_left.load(std::memory_order_acquire) != 0) return std::nullopt;
    std::size_t offered = 0;
    for (const auto& piece : pieces) offered += piece.size();
    if (bytes_.size() - (written_ - read_) < offered && !look()) return std::nullopt;
    const std::size_t most = std::min<std::size_t>(offered, bytes_.size() - (written_ - read_));
    std::size_t left = most;
    for (const auto& piece : pieces) {
      const auto part = piece.first(std::min(left, piece.size()));
      put(part);
      left -= part.size();
    }
    if (most != 0) words_.written.store(written_, std::memory_order_seq_cst);
    return most;
  }

  /// Whether a good part of the ring is free: less is not worth waking anybody for. Threads: as write().
  bool has_room() const noexcept {
    const std::uint64_t read = words_.read.load(std::memory_order_seq_cst);
    return !is_possible(read) || bytes_.size() - (written_ - read) >= worth_a_call(bytes_.size());
  }

  /// Whether all that was written has been read. Threads: as write().
  bool is_read() const noexcept { return words_.read.load(std::memory_order_seq_cst) == written_; }

  ring_words& words() const noexcept { return words_; }

  static constexpr std::size_t worth_a_call(std::size_t capacity) noexcept { return capacity / 4; }

 private:
  // Gives: false where the reader says that it has read what was not written yet, or less than before.
  bool look() noexcept {
    const std::uint64_t read = words_.read.load(std::memory_order_seq_cst);
    if (!is_possible(read)) return false;
    read_ = read;
    return true;
  }
  bool is_possible(std::uint64_t read) const noexcept { return read - read_ <= written_ - read_; }

  void put(std::span<const std::byte> some) noexcept {
    const auto at = static_cast<std::size_t>(written_ & (bytes_.size() - 1));
    const std::size_t to_the_end = std::min(some.size(), bytes_.size() - at);
    if (to_the_end != 0) std::memcpy(bytes_.data() + at, some.data(), to_the_end);
    if (to_the_end != some.size()) std::memcpy(bytes_.data(), some.data() + to_the_end, some.size() - to_the_end);
    written_ += some.size();
  }

  ring_words& words_;
  const std::span<std::byte> bytes_;
  std::uint64_t written_ = 0;
  std::uint64_t read_ = 0;  // at least
};

/// See ring_writer.
class ring_reader {
 public:
  ring_reader(ring_words& words, std::span<const std::byte> bytes) noexcept : words_(words), bytes_(bytes) {}

  /// Whether there is something to read, if only nonsense. Threads: any.
  bool any() const noexcept {
    return words_.written.load(std::memory_order_seq_cst) != read_.load(std::memory_order_relaxed);
  }

  /// Gives: how many bytes it has read; nothing where the writer says what cannot be. Threads: one at a time.
  std::optional<std::size_t> read(std::span<std::byte> into) noexcept {
    const std::uint64_t from = read_.load(std::memory_order_relaxed);
    const std::uint64_t there = words_.written.load(std::memory_order_seq_cst) - from;
    if (there > bytes_.size()) return std::nullopt;
    const std::size_t most = std::min(into.size(), static_cast<std::size_t>(there));
    if (most == 0) return 0;
    const auto at = static_cast<std::size_t>(from & (bytes_.size() - 1));
    const std::size_t to_the_end = std::min(most, bytes_.size() - at);
    std::memcpy(into.data(), bytes_.data() + at, to_the_end);
    if (to_the_end != most) std::memcpy(into.data() + to_the_end, bytes_.data(), most - to_the_end);
    read_.store(from + most, std::memory_order_relaxed);
    left_ = static_cast<std::size_t>(there) - most;
    words_.read.store(from + most, std::memory_order_seq_cst);
    return most;
  }

  /// Whether the last read has left enough room to tell a waiting writer of it. Threads: as read().
  bool has_made_room() const noexcept { return bytes_.size() - left_ >= ring_writer::worth_a_call(bytes_.size()); }

  ring_words& words() const noexcept { return words_; }

 private:
  ring_words& words_;
  const std::span<const std::byte> bytes_;
  std::atomic<std::uint64_t> read_{0};  // written by the one who reads
  std::size_t left_ = 0;                // bytes that were there and did not fit the last time
};

}}}  // namespace workpool::v0::detail
