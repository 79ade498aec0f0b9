#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The buffers that go with a message, which names them by their number. Threads: one at a time.
class carried_buffers {
 public:
  static constexpr std::size_t most = 4096;

  /// None can.
  carried_buffers() noexcept = default;
  /// Those of a pool.
  explicit carried_buffers(const sparse_memory* home) noexcept : home_(home) {}

  /// Gives: its number. Throws: codec_error where it cannot go with this message, std::bad_alloc.
  std::uint32_t add(const shared_buffer& one) {
    if (!one) return 0;
    if (home_ == nullptr || !one.share()->lies_in(home_)) {
      throw codec_error("a shared_buffer of " + std::to_string(one.size()) +
                        " bytes cannot be sent here: only as an argument or a result of a task of the pool that made "
                        "it; copy its bytes instead");
    }
    if (const auto had = std::find(all_.begin(), all_.end(), one); had != all_.end()) {
      return static_cast<std::uint32_t>(had - all_.begin()) + 1;
    }
    if (all_.size() == most) {
      throw codec_error("more than " + std::to_string(most) + " shared_buffers cannot go with one message");
    }
    all_.push_back(one);
    return static_cast<std::uint32_t>(all_.size());
  }
  /// Throws: codec_error where there is none of that number.
  const shared_buffer& of(std::uint32_t number) const {
    static const shared_buffer none;
    if (number == 0) return none;
    if (number > all_.size()) {
      throw codec_error("a message names shared_buffer " + std::to_string(number) + " of " +
                        std::to_string(all_.size()));
    }
    return all_[number - 1];
  }
  /// One that has arrived. Throws: std::bad_alloc.
  void arrived(shared_buffer one) { all_.push_back(std::move(one)); }

  std::vector<shared_buffer>& all() noexcept { return all_; }
  const std::vector<shared_buffer>& all() const noexcept { return all_; }

 private:
  const sparse_memory* home_ = nullptr;
  std::vector<shared_buffer> all_;
};

}}}  // namespace workpool::v0::detail
