#pragma once
#include <cstddef>
#include <workpool/queue/queue_options.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Places that have been reserved in a queue for tasks still to be pushed; at its end it gives back those that are
/// left. Of a queue that reserves none there are never any. Threads: one at a time.
template <task_queue Queue>
class reserved_places {
 public:
  explicit reserved_places(Queue& queue) noexcept : queue_(queue) {}
  reserved_places(const reserved_places&) = delete;
  reserved_places& operator=(const reserved_places&) = delete;
  ~reserved_places() {
    if constexpr (reserving_task_queue<Queue>) queue_.unreserve(left_);
  }

  /// Reserves `count` places, or none. To be called once.
  push_status reserve(std::size_t count) requires reserving_task_queue<Queue> {
    const push_status answer = queue_.try_reserve(count);
    if (answer == push_status::accepted) left_ = count;
    return answer;
  }

  bool any_left() const noexcept { return left_ != 0; }
  /// One of them goes to a task that is about to be pushed.
  void use_one() noexcept { --left_; }

 private:
  Queue& queue_;
  std::size_t left_ = 0;
};

}}}  // namespace workpool::v0::detail
