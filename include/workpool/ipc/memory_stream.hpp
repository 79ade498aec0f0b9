#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>
#include <workpool/detail/posix/hand_set_readiness.hpp>
#include <workpool/ipc/polled_stream.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One of two ends that hand each other bytes in memory: what a socket does, with a capacity to the byte and a
/// connection that breaks where a test wants it to.
/// Threads: each end by one thread at a time.
class memory_stream : public polled_stream<memory_stream> {
 public:
  /// capacity: how many bytes may be under way in each direction; 0 is no limit. Gives: nothing, with errno, where
  /// there are no descriptors left. Throws: std::bad_alloc.
  static std::optional<std::pair<memory_stream, memory_stream>> make_pair(std::size_t capacity) {
    auto both = std::make_shared<link>(capacity != 0 ? capacity : no_limit);
    if (!both->ready[0] || !both->ready[1]) return std::nullopt;
    both->refresh();
    memory_stream left(both, 0);
    return std::pair(std::move(left), memory_stream(std::move(both), 1));
  }

  memory_stream(memory_stream&& other) noexcept
      : polled_stream(std::move(other)),
        link_(std::move(other.link_)),
        me_(other.me_),
        handle_(std::exchange(other.handle_, -1)) {}
  memory_stream& operator=(memory_stream&& other) noexcept {
    memory_stream taken(std::move(other));
    std::swap(link_, taken.link_);
    std::swap(me_, taken.me_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  ~memory_stream() { close(); }

  /// See stream_channel. Throws: std::bad_alloc, and then nothing was written.
  std::optional<std::size_t> write(std::span<const std::span<const std::byte>> pieces) {
    const std::lock_guard hold(link_->mutex);
    wire& out = link_->wires[me_];
    if (out.ended) return std::nullopt;
    std::size_t offered = 0;
    for (const auto& piece : pieces) offered += piece.size();
    const std::size_t most = std::min({offered, link_->capacity - std::min(link_->capacity, out.size()), out.to_break});
    out.make_room(most);
    for (std::size_t left = most; const auto& piece : pieces) {
      const auto part = piece.first(std::min(left, piece.size()));
      out.bytes.insert(out.bytes.end(), part.begin(), part.end());
      left -= part.size();
    }
    if (out.to_break != no_limit) out.to_break -= most;
    if (out.to_break == 0) link_->end();
    link_->refresh();
    return most;
  }

  std::optional<std::size_t> read(std::span<std::byte> into) noexcept {
    const std::lock_guard hold(link_->mutex);
    wire& in = link_->wires[1 - me_];
    const std::size_t got = std::min(into.size(), in.size());
    if (got == 0 && in.ended) return std::nullopt;
    std::copy_n(in.bytes.begin() + static_cast<std::ptrdiff_t>(in.taken), got, into.begin());
    in.take(got);
    link_->refresh();
    return got;
  }

  int handle() const noexcept { return handle_; }

  /// What this end wrote can still be read; what it has not read is lost.
  void close() noexcept {
    if (handle_ < 0) return;
    handle_ = -1;
    const std::lock_guard hold(link_->mutex);
    link_->end();
    link_->wires[1 - me_].take(link_->wires[1 - me_].size());
    link_->ready[me_] = hand_set_readiness::none();
    link_->refresh();
  }

  /// Writes these bytes whatever the capacity. Throws: std::bad_alloc.
  void inject(std::span<const std::byte> bytes) {
    const std::lock_guard hold(link_->mutex);
    wire& out = link_->wires[me_];
    if (!out.ended) out.bytes.insert(out.bytes.end(), bytes.begin(), bytes.end());
    link_->refresh();
  }

  /// The connection breaks when so many more bytes of this end are written: they arrive, and nothing after them; what
  /// the other end has written until then can still be read.
  void break_after(std::size_t bytes) noexcept {
    const std::lock_guard hold(link_->mutex);
    link_->wires[me_].to_break = bytes;
    if (bytes == 0) link_->end();
    link_->refresh();
  }

 private:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  /// What is under way in one direction.
  struct wire {
    std::vector<std::byte> bytes;
    std::size_t taken = 0;  // from the front of bytes, by the reader
    std::size_t to_break = no_limit;
    bool ended = false;  // nothing will be written any more

    std::size_t size() const noexcept { return bytes.size() - taken; }
    void make_room(std::size_t more) {
      const std::size_t needed = bytes.size() + more;
      if (needed > bytes.capacity()) bytes.reserve(std::max(needed, 2 * bytes.capacity()));
    }
    // The front is cut off when it is the larger part: each byte is moved once at most.
    void take(std::size_t count) noexcept {
      taken += count;
      if (2 * taken < bytes.size()) return;
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
      taken = 0;
    }
  };

  struct link {
    explicit link(std::size_t limit) noexcept : capacity(limit) {}

    void end() noexcept {
      for (wire& one : wires) one.ended = true;
    }
    void refresh() noexcept {
      for (std::size_t side : {std::size_t{0}, std::size_t{1}}) {
        const wire& in = wires[1 - side];
        const wire& out = wires[side];
        const bool readable = in.ended || in.size() != 0;
        const bool writable = out.ended || out.size() < capacity;
        ready[side].set({readable, writable});
      }
    }

    std::mutex mutex;  // guards all below, but for the capacity
    const std::size_t capacity;
    std::array<wire, 2> wires;  // [0] from the first end to the second
    std::array<hand_set_readiness, 2> ready{hand_set_readiness::make(), hand_set_readiness::make()};
  };

  memory_stream(std::shared_ptr<link> both, std::size_t me) noexcept
      : link_(std::move(both)), me_(me), handle_(link_->ready[me].handle()) {}

  std::shared_ptr<link> link_;
  std::size_t me_;
  int handle_;  // -1: closed; here, so that who waits needs no lock
};

}}}  // namespace workpool::v0::detail
