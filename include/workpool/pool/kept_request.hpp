#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>
#include <workpool/detail/spare_blocks.hpp>
#include <workpool/detail/spare_places.hpp>
#include <workpool/ipc/buffer_share.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The bytes of a request, and what goes with them: their places are the end of the bytes.
struct call_request {
  call_request(std::vector<std::byte> just_bytes = {}) noexcept : bytes(std::move(just_bytes)) {}
  call_request(std::vector<std::byte> before, carried_buffers goes) : bytes(std::move(before)) {
    if (goes.all().empty()) return;
    for (const shared_buffer& one : goes.all()) {
      const auto place = std::as_bytes(std::span(&one.share()->place(), 1));
      bytes.insert(bytes.end(), place.begin(), place.end());
    }
    carried = std::make_unique<const carried_buffers>(std::move(goes));
  }

  std::vector<std::byte> bytes;
  std::unique_ptr<const carried_buffers> carried{};  // nullptr: nothing goes with it
};

/// A request that is made once, when the task is submitted, so that what cannot be sent is refused there; every attempt
/// sends the same bytes. Large ones are lent to the channels they are written to.
/// Memory: that of two requests of up to 2 MiB is kept for the next ones of the process, see spare_blocks.
class kept_request {
 public:
  /// Throws: std::bad_alloc.
  explicit kept_request(call_request one) : carried_(std::move(one.carried)) {
    if (one.bytes.size() < worth_lending) {
      small_ = std::move(one.bytes);
    } else {
      large_ = {new std::vector<std::byte>(std::move(one.bytes)), &leave};
    }
  }

  std::span<const std::byte> bytes() const noexcept { return large_ ? *large_ : small_; }

  /// Gives: what keeps bytes() as they are; nullptr where they are few.
  std::shared_ptr<const void> lend() const noexcept { return large_; }

  const carried_buffers* carried() const noexcept { return carried_.get(); }

  void forget() noexcept {
    small_ = {};
    large_ = nullptr;
    carried_ = nullptr;
  }

  /// An empty vector for a request with arguments of about that size.
  static std::vector<std::byte> memory_for(std::size_t bytes) {
    if (bytes < worth_lending) {
      constexpr std::size_t around = 128;  // bytes: what is to be called, and some small arguments
      std::vector<std::byte> one;
      one.reserve(around + bytes);
      return one;
    }
    const auto used = spare_.take([bytes](const auto& one) { return one.capacity() >= bytes; });
    return used ? std::move(*used) : std::vector<std::byte>();
  }

 private:
  static void leave(std::vector<std::byte>* done) noexcept {
    std::unique_ptr<std::vector<std::byte>> used(done);
    if (used->capacity() > spare_blocks::largest) return;
    used->clear();
    spare_.leave(std::move(used));
  }

  static inline spare_places<std::vector<std::byte>, 2> spare_;

  std::vector<std::byte> small_;
  std::shared_ptr<const std::vector<std::byte>> large_;
  std::unique_ptr<const carried_buffers> carried_;
};

}}}  // namespace workpool::v0::detail
