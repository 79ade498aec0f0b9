#pragma once
#include <atomic>
#include <memory>
#include <type_traits>
#include <utility>
#include <workpool/detail/block_pool.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How an element lies in a lane, which carries pointers only: in a recycled cell of its own. The cell hands its
/// content over by an atomic of its own, so that the user's data is never published by the queue's internals alone,
/// where ThreadSanitizer could neither see nor check it.
template <class T>
class element_cell : public recycled {
 public:
  static bool waiting(void*) noexcept { return true; }

  static T open(void* pointer) {
    std::unique_ptr<element_cell> one(static_cast<element_cell*>(pointer));
    static_cast<void>(one->published_.load(std::memory_order_acquire));
    return std::move(one->value_);
  }

  /// Puts an element into a cell, and back when the push was refused.
  class writer {
   public:
    explicit writer(T&& element) : cell_(new element_cell(std::move(element))) {}
    void* pointer() noexcept {
      cell_->published_.store(true, std::memory_order_release);
      return cell_.get();
    }
    void undo(T& element) { element = std::move(cell_->value_); }
    void commit(T&) noexcept { static_cast<void>(cell_.release()); }

   private:
    std::unique_ptr<element_cell> cell_;
  };

 private:
  explicit element_cell(T&& element) : value_(std::move(element)) {}

  std::atomic<bool> published_{false};
  T value_;
};

/// An element that is a pointer already, and whose take() orders what follows after what its producer did.
template <withdrawable T>
class element_cell<T> {
  using held = std::remove_pointer_t<decltype(std::declval<const T&>().get())>;

 public:
  static bool waiting(void* pointer) noexcept { return static_cast<held*>(pointer)->waiting(); }
  static T open(void* pointer) noexcept { return T(static_cast<held*>(pointer)); }

  class writer {
   public:
    explicit writer(T&& element) noexcept : pointer_(element.get()) {}
    void* pointer() const noexcept { return pointer_; }
    void undo(T&) noexcept {}
    void commit(T& element) noexcept { element.release(); }

   private:
    void* pointer_;
  };
};

}}}  // namespace workpool::v0::detail
