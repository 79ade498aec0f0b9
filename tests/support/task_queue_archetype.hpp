#pragma once

#include <workpool/core/task_ref.hpp>
#include <workpool/queue/task_queue.hpp>

#include <array>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace workpool_test {

/// The poorest task_queue: what the concept asks for and nothing else. Neither copied nor moved nor made without
/// options; no default lane, no admission, no waiting pop, and it is not told of withdrawn elements, which keep their
/// places until they come to the front.
template <class T>
class task_queue_archetype {
 public:
  using value_type = T;

  explicit task_queue_archetype(const workpool::queue_options& options) : options_(checked(options)) {}
  task_queue_archetype(const task_queue_archetype&) = delete;
  task_queue_archetype& operator=(const task_queue_archetype&) = delete;

  workpool::push_status try_push(T&& element, workpool::priority lane) {
    return push_for(std::move(element), lane, workpool::duration::zero());
  }

  workpool::push_status push_for(T&& element, workpool::priority lane, workpool::duration limit) {
    line made;
    made.push_back(std::move(element));
    const workpool::push_status status = enter(made, lane, workpool::after(workpool::steady::now(), limit));
    if (status != workpool::push_status::accepted) element = std::move(made.front());
    return status;
  }

  std::optional<T> try_pop() {
    for (;;) {
      line first = take_first();
      if (first.empty()) return std::nullopt;
      if constexpr (workpool::withdrawable<T>) {
        if (!first.front().take()) continue;
      }
      return std::move(first.front());
    }
  }

  template <class Visit>
  void purge(workpool::priority lane, Visit&& visit) {
    line removed;
    {
      const std::lock_guard hold(mutex_);
      removed.swap(lines_[lane_index(lane)]);
    }
    for (T& one : removed) {
      if constexpr (workpool::withdrawable<T>) {
        if (!one.waiting()) continue;
      }
      visit(std::move(one));
    }
  }

  void close() noexcept {
    const std::lock_guard hold(mutex_);
    closed_ = true;
  }

  std::size_t size() const noexcept {
    std::size_t total = 0;
    for (const std::size_t length : sizes()) total += length;
    return total;
  }

  std::array<std::size_t, workpool::priority_count> sizes() const noexcept {
    const std::lock_guard hold(mutex_);
    std::array<std::size_t, workpool::priority_count> result{};
    for (std::size_t lane = 0; lane < result.size(); ++lane) result[lane] = lines_[lane].size();
    return result;
  }

 private:
  using line = std::list<T>;

  workpool::push_status enter(line& made, workpool::priority lane, workpool::time_point deadline) {
    for (;;) {
      line dropped;  // its destructors run after the lock
      {
        const std::lock_guard hold(mutex_);
        if (closed_) return workpool::push_status::closed;
        if (has_room()) {
          line& target = lines_[lane_index(lane)];
          target.splice(target.end(), made);
          return workpool::push_status::accepted;
        }
        if (options_.on_full == workpool::on_full::drop_oldest) {
          drop_into(dropped);
        } else if (workpool::steady::now() >= deadline) {
          return workpool::push_status::full;
        }
      }
      if (dropped.empty()) std::this_thread::yield();
    }
  }

  bool has_room() const noexcept {
    std::size_t taken = 0;
    for (const line& one : lines_) taken += one.size();
    return options_.capacity == 0 || taken < options_.capacity;
  }

  void drop_into(line& dropped) noexcept {
    for (auto lowest = lines_.rbegin(); lowest != lines_.rend(); ++lowest) {
      if (lowest->empty()) continue;
      dropped.splice(dropped.begin(), *lowest, lowest->begin());
      return;
    }
  }

  line take_first() {
    line first;
    const std::lock_guard hold(mutex_);
    for (line& one : lines_) {
      if (one.empty()) continue;
      first.splice(first.begin(), one, one.begin());
      break;
    }
    return first;
  }

  const workpool::queue_options options_;
  mutable std::mutex mutex_;
  std::array<line, workpool::priority_count> lines_;
  bool closed_ = false;
};

static_assert(workpool::task_queue<task_queue_archetype<workpool::task_ref>>);
static_assert(!workpool::blocking_task_queue<task_queue_archetype<workpool::task_ref>>);
static_assert(!workpool::forgetting_task_queue<task_queue_archetype<workpool::task_ref>>);
static_assert(!workpool::admitting_task_queue<task_queue_archetype<workpool::task_ref>>);

}  // namespace workpool_test
