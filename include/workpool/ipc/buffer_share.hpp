#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where a buffer lies in the memory of its pool, and what it is known by there.
struct buffer_place {
  std::uint64_t id = 0, at = 0, size = 0;  // bytes
};

/// What this process has of one buffer, as long as anybody here refers to it. Threads: any.
class buffer_share {
 public:
  buffer_share(std::shared_ptr<const sparse_memory> memory, buffer_place place) noexcept
      : memory_(std::move(memory)), place_(place) {}
  buffer_share(const buffer_share&) = delete;
  buffer_share& operator=(const buffer_share&) = delete;
  virtual ~buffer_share() {
    if (!home_.same()) part_.abandon();  // what a fork has at these addresses is something else
  }

  const buffer_place& place() const noexcept { return place_; }
  bool lies_in(const sparse_memory* memory) const noexcept { return memory_.get() == memory; }
  /// Mapped by who asks first. Throws: std::bad_alloc; forked_child.
  std::span<std::byte> bytes() {
    if (!home_.same()) throw forked_child("a shared_buffer was used in a fork of the process that had it");
    std::call_once(mapped_, [this] {
      part_ = memory_->map(place_.at, sparse_memory::whole_pages(place_.size));
      if (!part_) throw std::bad_alloc();
    });
    return part_.bytes().first(place_.size);
  }

 private:
  const std::shared_ptr<const sparse_memory> memory_;
  const buffer_place place_;
  const process_mark home_ = process_mark::current();
  std::once_flag mapped_;
  sparse_memory::part part_;
};

}}}  // namespace workpool::v0::detail
