#pragma once
#include <cstddef>
#include <memory>
#include <utility>
#include <workpool/detail/posix/shared_memory.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/ipc/ring_stream.hpp>
#include <workpool/worker/buffer_mail.hpp>
#include <workpool/worker/call_mark.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The memory that a worker process shares with its host: a call_mark, a buffer_mail, and rings where it talks through
/// them.
class worker_memory {
 public:
  /// An empty one.
  worker_memory() noexcept = default;

  /// Gives: the descriptor of new memory; empty, with errno, where there is none to be had.
  static unique_fd make(bool rings) noexcept { return shared_memory::make(size(rings)); }
  /// Gives: the memory behind `descriptor`, which is not needed any more; empty, with errno, where that is none.
  /// Throws: std::bad_alloc.
  static worker_memory of(int descriptor, bool rings) {
    worker_memory made;
    if (shared_memory all = shared_memory::of(descriptor, size(rings))) {
      made.all_ = std::make_shared<const shared_memory>(std::move(all));
    }
    return made;
  }

  explicit operator bool() const noexcept { return all_ != nullptr; }

  call_mark& mark() const noexcept { return all_->as<call_mark>(); }
  buffer_mail& mail() const noexcept { return all_->as<buffer_mail>(of_mail); }
  /// Throws: std::bad_alloc.
  ring_stream rings(unique_fd bell, ring_stream::side me) const { return {std::move(bell), all_, of_rings, me}; }

 private:
  static constexpr std::size_t of_rings = ring_stream::alignment;  // where they begin
  static constexpr std::size_t size(bool rings) noexcept { return of_rings + (rings ? ring_stream::size : 0); }
  static constexpr std::size_t of_mail = 1024;
  static_assert(sizeof(call_mark) <= of_mail && of_mail + sizeof(buffer_mail) <= of_rings);

  std::shared_ptr<const shared_memory> all_;
};

}}}  // namespace workpool::v0::detail
