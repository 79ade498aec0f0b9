#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>
#include <workpool/detail/spare_blocks.hpp>
#include <workpool/detail/spare_places.hpp>
#include <workpool/ipc/channel.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A request that is made once, when the task is submitted, so that what cannot be sent is refused there; every attempt
/// sends the same bytes. Large ones are lent to the channels they are written to.
/// Memory: that of two requests of up to 2 MiB is kept for the next ones of the process, see spare_blocks.
class kept_request {
 public:
  /// Throws: std::bad_alloc.
  explicit kept_request(std::vector<std::byte> bytes) {
    if (bytes.size() < worth_lending) {
      small_ = std::move(bytes);
    } else {
      large_ = {new std::vector<std::byte>(std::move(bytes)), &leave};
    }
  }

  std::span<const std::byte> bytes() const noexcept { return large_ ? *large_ : small_; }

  /// Gives: what keeps bytes() as they are; nullptr where they are few.
  std::shared_ptr<const void> lend() const noexcept { return large_; }

  void forget() noexcept {
    small_ = {};
    large_ = nullptr;
  }

  /// An empty vector for a request of about that size.
  static std::vector<std::byte> memory_for(std::size_t bytes) {
    if (bytes < worth_lending) return {};
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
};

}}}  // namespace workpool::v0::detail
