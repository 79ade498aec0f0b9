// A pool with a queue of your own: newest first, as a browser wants its thumbnails. The concept workpool::task_queue
// says what is asked of it; everything else of the pool stays as it is.
#include <array>
#include <condition_variable>
#include <cstddef>
#include <iostream>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>
#include <workpool/pool.hpp>

namespace wp = workpool;

class newest_first {
 public:
  using value_type = wp::task_ref;

  explicit newest_first(const wp::queue_options& options) : capacity_(options.capacity) {}

  wp::push_status try_push(wp::task_ref&& one, wp::priority lane) { return push_for(std::move(one), lane, {}); }

  /// Waits for room at most so long. A refused task stays the caller's.
  wp::push_status push_for(wp::task_ref&& one, wp::priority lane, wp::duration limit) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || capacity_ == 0 || tasks_.size() < capacity_; };
    if (!ready() && !room_.wait_until(lock, wp::after(wp::steady::now(), limit), ready)) return wp::push_status::full;
    if (closed_) return wp::push_status::closed;
    tasks_.push_back({std::move(one), lane});
    return wp::push_status::accepted;
  }

  /// A task may have been cancelled while it waited: take() then says no, and it is thrown away.
  std::optional<wp::task_ref> try_pop() {
    for (;;) {
      std::optional<wp::task_ref> newest;
      {
        const std::lock_guard lock(mutex_);
        if (tasks_.empty()) return std::nullopt;
        newest = std::move(tasks_.back().first);
        tasks_.pop_back();
      }
      room_.notify_one();
      if (newest->take()) return newest;
    }
  }

  template <class Visit>
  void purge(wp::priority lane, Visit&& visit) {
    std::vector<std::pair<wp::task_ref, wp::priority>> kept, removed;
    {
      const std::lock_guard lock(mutex_);
      for (auto& one : tasks_) (one.second == lane ? removed : kept).push_back(std::move(one));
      tasks_.swap(kept);
    }
    room_.notify_all();
    for (auto& one : removed) visit(std::move(one.first));  // user code never runs under a lock
  }

  void close() noexcept {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    room_.notify_all();
  }

  std::size_t size() const noexcept {
    const std::lock_guard lock(mutex_);
    return tasks_.size();
  }
  std::array<std::size_t, 4> sizes() const noexcept {
    std::array<std::size_t, 4> by_lane{};
    const std::lock_guard lock(mutex_);
    for (const auto& one : tasks_) ++by_lane[static_cast<std::size_t>(one.second)];
    return by_lane;
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::vector<std::pair<wp::task_ref, wp::priority>> tasks_;
  bool closed_ = false;
};

int main() {
  wp::basic_thread_pool<wp::select::first_idle, newest_first> pool{{.workers = 1}};
  pool.pause();
  for (int page = 1; page <= 5; ++page) pool.post([page] { std::cout << "thumbnail " << page << '\n'; });
  auto scrolled_past = pool.submit([] { std::cout << "never drawn\n"; });
  std::cout << "cancel: " << to_string(scrolled_past.cancel()) << '\n';
  pool.resume();
  pool.wait_idle();
  std::cout << pool.stats().completed << " drawn, " << pool.stats().cancelled << " cancelled\n";
}
