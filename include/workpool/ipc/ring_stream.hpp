#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/detail/posix/poll_one.hpp>
#include <workpool/detail/posix/shared_memory.hpp>
#include <workpool/detail/posix/socket_io.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/ipc/byte_ring.hpp>
#include <workpool/ipc/channel.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Two rings in memory that two processes share, for a stream_channel; and a connected stream socket, over which they
/// ring each other's bell, and by whose end they learn that the other one has died.
///
///     write ─► ring ─► does the reader wait? ─► its word is taken, the bell rung
///     arm: reader_waits ─► is there something?  no: poll ─► read, which takes the bells when it finds nothing
///
/// A bell costs each side one system call and is rung only for somebody who waits: two that have always something to do
/// make none.
/// Threads: one at a time, but for wait(reading) and has_arrived(), which others may be in meanwhile.
class ring_stream {
 public:
  enum class side : std::uint8_t { left, right };

  static constexpr std::size_t ring_size = std::size_t{256} << 10;  // bytes, of each of the two
  static constexpr std::size_t alignment = 4096;                    // bytes: where in their memory they may begin
  static constexpr std::size_t size = alignment + 2 * ring_size;    // bytes of it that they need

  /// `memory`: from `at` on it holds the rings, which begin as zeros. The two sides are given the two ends of a pair.
  /// Throws: std::bad_alloc.
  ring_stream(unique_fd bell, std::shared_ptr<const shared_memory> memory, std::size_t at, side me)
      : self_(std::make_unique<end>(std::move(bell), std::move(memory), at, me)) {}

  std::optional<std::size_t> write(std::span<const std::span<const std::byte>> pieces) noexcept {
    if (self_->has_hung_up()) return std::nullopt;
    const std::optional<std::size_t> gone = self_->out.write(pieces);
    if (gone.value_or(0) != 0 && !self_->muted) self_->tell_reader();  // it can be read, even if nobody heard the bell
    return gone;
  }

  /// Throws: protocol_error where the other side says what cannot be.
  std::optional<std::size_t> read(std::span<std::byte> into) {
    for (bool looked = false;; looked = true) {
      // Before the ring: what was written before the end is read before it is seen.
      const bool over = self_->is_over();
      const std::optional<std::size_t> got = self_->in.read(into);
      if (!got) {
        throw protocol_error(
            "the other process claims to have written more than the ring of this channel holds: something else was "
            "written into its memory");
      }
      if (*got != 0) {
        if (self_->in.has_made_room()) self_->tell_writer();
        return got;
      }
      if (over) return std::nullopt;
      if (looked || !self_->take_bells()) return 0;
    }
  }

  int handle() const noexcept { return self_ ? self_->bell.get() : -1; }

  bool has_arrived() const noexcept { return self_->in.any(); }

  bool in_shared_memory() const noexcept { return true; }

  bool arm(bool for_room) noexcept {
    self_->arm_reading();
    if (for_room) self_->out.words().writer_waits.fetch_or(by_bell, std::memory_order_seq_cst);
    return !self_->in.any() && !self_->is_over() && !(for_room && self_->out.has_room());
  }
  void disarm() noexcept {
    std::atomic<std::uint32_t>& waits = self_->in.words().reader_waits;
    if (waits.load(std::memory_order_relaxed) != 0) waits.store(0, std::memory_order_relaxed);
  }

  void mute() noexcept { self_->muted = true; }
  void unmute() noexcept {
    if (std::exchange(self_->muted, false) && !self_->out.is_read()) self_->tell_reader();
  }

  bool wait(wait_for what, time_point deadline) const noexcept {
    switch (what) {
      case wait_for::reading:
        return self_->await_reading(deadline);
      case wait_for::writing:
        return self_->await_room(deadline);
      case wait_for::either:
        break;
    }
    self_->out.words().writer_waits.fetch_or(by_bell, std::memory_order_seq_cst);
    if (self_->out.has_room() || self_->is_over()) return true;
    return self_->await_reading(deadline);
  }

  /// What this end has written can still be read.
  void close() noexcept {
    if (self_) self_->leave();
  }

 private:
  static constexpr std::uint32_t by_bell = 1, by_futex = 2;  // how a waiting writer is to be told

  struct end {
    end(unique_fd socket, std::shared_ptr<const shared_memory> shared, std::size_t at, side me)
        : bell(std::move(socket)),
          memory(std::move(shared)),
          out(words(at, me == side::left ? 0 : 1), bytes(at, me == side::left ? 0 : 1)),
          in(words(at, me == side::left ? 1 : 0), bytes(at, me == side::left ? 1 : 0)) {}
    end(const end&) = delete;
    end& operator=(const end&) = delete;
    ~end() { leave(); }

    ring_words& words(std::size_t at, std::size_t which) const noexcept {
      return memory->as<ring_words>(at + which * sizeof(ring_words));
    }
    std::span<std::byte> bytes(std::size_t at, std::size_t which) const noexcept {
      return memory->bytes().subspan(at + alignment + which * ring_size, ring_size);
    }
    static_assert(2 * sizeof(ring_words) <= alignment);

    bool has_hung_up() const noexcept { return hung_up.load(std::memory_order_relaxed); }
    bool is_over() const noexcept {
      return has_hung_up() || !bell || in.words().writer_left.load(std::memory_order_acquire) != 0 ||
             out.words().reader_left.load(std::memory_order_acquire) != 0;
    }

    // Gives: false where it has to be rung again: for want of memory, or since there are so many bells already.
    bool ring() noexcept {
      static constexpr std::array<std::byte, 1> one{std::byte{'!'}};
      const auto sent = send_some(bell.get(), std::array{std::span<const std::byte>(one)});
      if (!sent) hung_up.store(true, std::memory_order_relaxed);
      return sent != 0U;
    }
    void tell_reader() noexcept {
      std::atomic<std::uint32_t>& waits = out.words().reader_waits;
      if (waits.load(std::memory_order_seq_cst) == 0 || waits.exchange(0, std::memory_order_seq_cst) == 0) return;
      if (!ring()) waits.store(1, std::memory_order_seq_cst);
    }
    void tell_writer() noexcept {
      futex_word& waits = in.words().writer_waits;
      if (waits.load(std::memory_order_seq_cst) == 0) return;
      const std::uint32_t how = waits.exchange(0, std::memory_order_seq_cst);
      if ((how & by_futex) != 0) futex_wake_all(waits, futex_scope::shared);
      if ((how & by_bell) != 0 && !ring()) waits.fetch_or(by_bell, std::memory_order_seq_cst);
    }

    void arm_reading() noexcept {
      armed.store(true, std::memory_order_relaxed);
      in.words().reader_waits.store(1, std::memory_order_seq_cst);
    }

    // Gives: whether it may have been rung, so that another look is due.
    bool take_bells() noexcept {
      if (!armed.load(std::memory_order_relaxed)) return false;
      armed.store(false, std::memory_order_relaxed);
      std::array<std::byte, 4096> bells;
      if (!receive_some(bell.get(), bells)) hung_up.store(true, std::memory_order_relaxed);
      // One that another thread waits for may be among them.
      if (waiting.load(std::memory_order_seq_cst) != 0) arm_reading();
      return true;
    }

    bool await_reading(time_point deadline) noexcept {
      waiting.fetch_add(1, std::memory_order_seq_cst);
      arm_reading();
      const bool ready = in.any() || is_over() || poll_one(bell.get(), poll_for::reading, deadline);
      waiting.fetch_sub(1, std::memory_order_seq_cst);
      return ready;
    }

    // Not by the bell, which whoever reads may take. A death of the other side is seen within 100 ms.
    bool await_room(time_point deadline) noexcept {
      futex_word& waits = out.words().writer_waits;
      for (;;) {
        if (is_over() || out.has_room()) return true;
        const std::uint32_t word = waits.fetch_or(by_futex, std::memory_order_seq_cst) | by_futex;
        if (out.has_room()) return true;
        const time_point now = steady::now();
        if (now >= deadline) return false;
        futex_wait_until(waits, word, std::min(deadline, after(now, std::chrono::milliseconds(100))), any_sleeper,
                         futex_scope::shared);
        if (other_end_is_gone(bell.get())) hung_up.store(true, std::memory_order_relaxed);
      }
    }

    void leave() noexcept {
      if (!bell) return;
      out.words().writer_left.store(1, std::memory_order_seq_cst);
      in.words().reader_left.store(1, std::memory_order_seq_cst);
      in.words().writer_waits.exchange(0, std::memory_order_seq_cst);
      futex_wake_all(in.words().writer_waits, futex_scope::shared);
      bell.reset();
    }

    unique_fd bell;
    const std::shared_ptr<const shared_memory> memory;
    ring_writer out;
    ring_reader in;
    bool muted = false;
    std::atomic<bool> hung_up{false};       // the other side was found dead
    std::atomic<bool> armed{false};         // since the last time the bells were taken
    std::atomic<std::uint32_t> waiting{0};  // threads that wait for the bell
  };

  std::unique_ptr<end> self_;
};

}}}  // namespace workpool::v0::detail
