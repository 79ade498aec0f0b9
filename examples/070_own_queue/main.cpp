// A pool with a queue of your own: newest first, as a browser wants its thumbnails. The concept workpool::task_queue
// says what is asked of it; everything else of the pool stays as it is.
#include <array>
#include <condition_variable>
#include <cstddef>
#include <iostream>
#include <list>
#include <mutex>
#include <optional>
#include <utility>
#include <workpool/pool.hpp>

namespace wp = workpool;

class newest_first {
 public:
  using value_type = wp::task_ref;

  explicit newest_first(const wp::queue_options& options) : capacity_(checked(options).capacity) {
    if (options.on_full == wp::on_full::drop_oldest) {
      throw wp::bad_config("queue.on_full", "queue.on_full is drop_oldest: newest_first drops nothing, use another");
    }
  }

  wp::push_status try_push(wp::task_ref&& one, wp::priority lane) { return push_for(std::move(one), lane, {}); }

  /// Waits for room at most so long. A refused task stays the caller's, also when there is no memory.
  wp::push_status push_for(wp::task_ref&& one, wp::priority lane, wp::duration limit) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return closed_ || capacity_ == 0 || stack_.size() < capacity_; };
    if (!ready() && !room_.wait_until(lock, wp::after(wp::steady::now(), limit), ready)) return wp::push_status::full;
    if (closed_) return wp::push_status::closed;
    stack_.emplace_front(std::move(one), lane);
    return wp::push_status::accepted;
  }

  /// A task may have been cancelled while it waited: take() then says no, and it is thrown away.
  std::optional<wp::task_ref> try_pop() {
    for (;;) {
      tasks newest;
      {
        const std::lock_guard lock(mutex_);
        if (stack_.empty()) return std::nullopt;
        newest.splice(newest.begin(), stack_, stack_.begin());
      }
      room_.notify_one();
      if (newest.front().first.take()) return std::move(newest.front().first);
    }  // user code, such as the destructor of a task, never runs under a lock
  }

  template <class Visit>
  void purge(wp::priority lane, Visit&& visit) {
    tasks removed;
    {
      const std::lock_guard lock(mutex_);
      for (auto next = stack_.begin(); next != stack_.end();) {
        const auto one = next++;
        if (one->second == lane) removed.splice(removed.end(), stack_, one);
      }
    }
    room_.notify_all();
    for (auto& one : removed) visit(std::move(one.first));
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
    return stack_.size();
  }
  std::array<std::size_t, 4> sizes() const noexcept {
    std::array<std::size_t, 4> by_lane{};
    const std::lock_guard lock(mutex_);
    for (const auto& one : stack_) ++by_lane[static_cast<std::size_t>(one.second)];
    return by_lane;
  }

 private:
  using tasks = std::list<std::pair<wp::task_ref, wp::priority>>;  // elements change lists without memory

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  tasks stack_;  // the newest in front
  bool closed_ = false;
};
static_assert(wp::task_queue<newest_first>);

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
