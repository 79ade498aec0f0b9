#pragma once
#include <atomic>
#include <cstddef>
#include <iterator>
#include <utility>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The workers of a pool by id. Grows at its end and never shrinks, so that it can be walked while it grows.
/// Threads: add() and operator[] one at a time; begin() and end() any.
class worker_list {
 public:
  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = thread_worker;
    using difference_type = std::ptrdiff_t;
    using pointer = thread_worker*;
    using reference = thread_worker&;

    iterator() = default;
    iterator(thread_worker* here, std::size_t left) noexcept : here_(here), left_(left) {}
    reference operator*() const noexcept { return *here_; }
    pointer operator->() const noexcept { return here_; }
    iterator& operator++() noexcept {
      if (--left_ != 0) here_ = here_->next;
      return *this;
    }
    iterator operator++(int) noexcept {
      const iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& one, const iterator& other) noexcept { return one.left_ == other.left_; }

   private:
    thread_worker* here_ = nullptr;
    std::size_t left_ = 0;
  };

  worker_list() = default;
  worker_list(const worker_list&) = delete;
  worker_list& operator=(const worker_list&) = delete;
  ~worker_list() {
    for (thread_worker* one = first_; one != nullptr;) delete std::exchange(one, one->next);
  }

  std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }
  iterator begin() const noexcept {
    const std::size_t count = size();
    return {count == 0 ? nullptr : first_, count};
  }
  iterator end() const noexcept { return {}; }

  thread_worker& operator[](std::size_t id) const noexcept {
    thread_worker* one = first_;
    while (id-- != 0) one = one->next;
    return *one;
  }

  /// Throws: std::bad_alloc.
  thread_worker& add() {
    auto* const one = new thread_worker(static_cast<worker_id>(size()));
    (last_ == nullptr ? first_ : last_->next) = one;
    last_ = one;
    size_.fetch_add(1, std::memory_order_release);
    return *one;
  }

 private:
  thread_worker* first_ = nullptr;
  thread_worker* last_ = nullptr;
  std::atomic<std::size_t> size_{0};  // what may be walked; everything before it is written before it
};

}}}  // namespace workpool::v0::detail
