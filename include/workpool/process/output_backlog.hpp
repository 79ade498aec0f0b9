#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <workpool/detail/posix/host_write.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Lines on their way to a descriptor of the host that may take them late, or never.
/// Threads: one at a time, but for lost(). Memory: at most `limit`; what does not fit is lost and counted.
class output_backlog {
 public:
  static constexpr std::size_t limit = std::size_t{1} << 20;  // bytes

  explicit output_backlog(int descriptor) noexcept : descriptor_(descriptor) {}

  void add_line(std::string_view line) noexcept {
    if (line.size() >= limit - text_.size()) return lose(line.size() + 1);
    try {
      if (text_.capacity() < text_.size() + line.size() + 1) text_.reserve(text_.size() + line.size() + room_ahead);
      text_.append(line).push_back('\n');
      added_ += line.size() + 1;
    } catch (const std::bad_alloc&) {
      lose(line.size() + 1);
    }
  }

  /// Passes on what the host takes now. A host that has closed the descriptor, or whose reader has gone, loses the text
  /// without a word: that is its own choice, and not counted.
  void write_out() noexcept {
    if (text_.empty()) return;
    const host_result result = host_write(descriptor_, text_);
    full_ = result.state == host_state::full;
    const std::size_t done = full_ ? result.taken : text_.size();
    passed_on_ += done;
    text_.erase(0, done);
    if (text_.empty() && text_.capacity() > worth_keeping) text_ = std::string();
  }

  /// Gives up what is left.
  void abandon() noexcept {
    if (!text_.empty()) lose(text_.size());
    passed_on_ += text_.size();
    text_.clear();
    full_ = false;
  }

  int descriptor() const noexcept { return descriptor_; }
  /// The host took no more the last time.
  bool full() const noexcept { return full_; }
  /// Units: bytes since the beginning; what is lost on the way in is in neither.
  std::uint64_t added() const noexcept { return added_; }
  std::uint64_t passed_on() const noexcept { return passed_on_; }
  /// Units: bytes for which there was no room.
  std::uint64_t lost() const noexcept { return lost_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t room_ahead = std::size_t{64} << 10;      // bytes: a turn of a worker fits
  static constexpr std::size_t worth_keeping = std::size_t{192} << 10;  // bytes

  void lose(std::size_t bytes) noexcept { lost_.fetch_add(bytes, std::memory_order_relaxed); }

  const int descriptor_;
  std::string text_;
  bool full_ = false;
  std::uint64_t added_ = 0, passed_on_ = 0;
  std::atomic<std::uint64_t> lost_{0};  // written by the owner
};

}}}  // namespace workpool::v0::detail
