#pragma once
#include <array>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/queue/places.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 {

/// One line, one mutex: the plain model of task_queue, and the one to read first.
///
/// Order: exactly as pushed, whatever the priority; aging and fifo in the options have no meaning here.
/// Threads: any. Blocks: push_for and pop_for at most as long as they are told.
/// Throws: std::bad_alloc from pushes, and the element is still the caller's then.
/// Cost: one allocation and one lock per element. Nodes are made before and destroyed after the lock, which therefore
/// never covers code of the user.
template <class T>
class fifo_queue {
 public:
  using value_type = T;

  explicit fifo_queue(const queue_options& options = {})
      : drops_oldest_(checked(options).on_full == on_full::drop_oldest), places_(options.capacity) {}

  template <class Admission = no_admission>
  push_status try_push(T&& element, priority lane = priority::normal, Admission admission = {}) {
    return push_for(std::move(element), lane, duration::zero(), admission);
  }

  template <class Admission = no_admission>
  push_status push_for(T&& element, priority lane, duration limit, Admission admission = {}) {
    if (closed()) return push_status::closed;
    if (!acquire_place(limit)) return closed() ? push_status::closed : push_status::full;
    return enter(std::move(element), lane, admission);
  }

  std::optional<T> try_pop() {
    for (;;) {
      line front = take_front();
      if (front.empty()) return std::nullopt;
      entry& first = front.front();
      if constexpr (withdrawable<T>) {
        if (!first.element.take()) {
          leave_unseen(first);
          continue;
        }
      }
      leave(first.lane);
      return std::move(first.element);
    }
  }

  std::optional<T> pop_for(duration limit) {
    std::optional<T> found;
    arrivals_.await(
        [&] {
          const bool sealed = closed();  // before the look: nothing comes after it
          found = try_pop();
          return found.has_value() || sealed;
        },
        after(steady::now(), limit));
    return found;
  }

  template <class Visit>
  void purge(priority lane, Visit&& visit) {
    line removed = take_if([lane](const entry& one) { return one.lane == lane; });
    for (const entry& one : removed) leave_unseen(one);  // all of them first: the visitor may throw
    for (entry& one : removed) {
      if constexpr (withdrawable<T>) {
        if (!one.element.waiting()) continue;
      }
      visit(std::move(one.element));
    }
  }

  /// A waiting element of this lane has been withdrawn: its place is free, its remains are passed over later.
  void forget(priority lane) noexcept {
    {
      const std::lock_guard hold(mutex_);
      ++dead_;
      --waiting_[lane_index(lane)];
    }
    places_.release();
  }

  void close() noexcept {
    {
      const std::lock_guard hold(mutex_);
      closed_ = true;
    }
    places_.wake_all();
    arrivals_.notify_all();
  }

  std::size_t size() const noexcept {
    std::size_t total = 0;
    for (const std::size_t lane : sizes()) total += lane;
    return total;
  }

  std::array<std::size_t, priority_count> sizes() const noexcept {
    const std::lock_guard hold(mutex_);
    std::array<std::size_t, priority_count> result{};
    for (std::size_t lane = 0; lane < priority_count; ++lane) {
      result[lane] = waiting_[lane] > 0 ? static_cast<std::size_t>(waiting_[lane]) : 0;
    }
    return result;
  }

  /// Elements in the line, dead ones included.
  std::size_t physical_length() const noexcept {
    const std::lock_guard hold(mutex_);
    return line_.size();
  }

 private:
  struct entry {
    entry(T&& waiting, priority its_lane) : element(std::move(waiting)), lane(its_lane) {}
    T element;
    priority lane;
  };
  using line = std::list<entry>;

  bool closed() const noexcept {
    const std::lock_guard hold(mutex_);
    return closed_;
  }

  bool acquire_place(duration limit) {
    while (!places_.try_acquire()) {
      if (drops_oldest_) {
        drop_front();
      } else {
        return limit > duration::zero() &&
               places_.acquire_until(after(steady::now(), limit), [this] { return closed(); });
      }
    }
    return true;
  }

  line take_front() {
    line front;
    const std::lock_guard hold(mutex_);
    if (!line_.empty()) front.splice(front.begin(), line_, line_.begin());
    return front;
  }

  void drop_front() {
    const line oldest = take_front();
    if (oldest.empty()) {
      std::this_thread::yield();  // every place belongs to an element that is on its way in or out
    } else {
      leave_unseen(oldest.front());
    }
  }

  // The caller holds a place.
  template <class Admission>
  push_status enter(T&& element, priority lane, Admission& admission) {
    line made;
    try {
      made.emplace_back(std::move(element), lane);
    } catch (...) {
      places_.release();
      throw;
    }
    const line remains = take_dead();
    if (!append(made, admission)) {
      places_.release();  // before the element's move, which may throw
      element = std::move(made.front().element);
      return push_status::closed;
    }
    arrivals_.notify_one();
    return push_status::accepted;
  }

  template <class Admission>
  bool append(line& made, Admission& admission) {
    const std::lock_guard hold(mutex_);
    if (closed_) return false;
    admission.accept(0);
    ++waiting_[lane_index(made.front().lane)];
    line_.splice(line_.end(), made);
    return true;
  }

  template <class Wanted>
  line take_if(Wanted wanted) {
    line removed;
    const std::lock_guard hold(mutex_);
    for (auto next = line_.begin(); next != line_.end();) {
      const auto one = next++;
      if (wanted(*one)) removed.splice(removed.end(), line_, one);
    }
    return removed;
  }

  // What has died may take up as much room as what lives, not more.
  line take_dead() {
    if constexpr (withdrawable<T>) {
      {
        const std::lock_guard hold(mutex_);
        const std::size_t limit = places_.bounded() ? places_.capacity() : line_.size() / 2 + worth_a_sweep;
        if (dead_ <= 0 || static_cast<std::size_t>(dead_) <= limit) return {};
      }
      line removed = take_if([](const entry& one) { return !one.element.waiting(); });
      for (const entry& one : removed) leave_unseen(one);
      return removed;
    } else {
      return {};
    }
  }

  void leave(priority lane) noexcept {
    {
      const std::lock_guard hold(mutex_);
      --waiting_[lane_index(lane)];
    }
    places_.release();
  }

  // An element that was not taken: either it is dead, or whoever withdraws it now will say so by forget().
  void leave_unseen(const entry& one) noexcept {
    if constexpr (withdrawable<T>) {
      const std::lock_guard hold(mutex_);
      --dead_;
    } else {
      leave(one.lane);
    }
  }

  static constexpr std::size_t worth_a_sweep = 1024;  // elements; below, an unbounded queue lets the dead lie

  const bool drops_oldest_;
  detail::places places_;
  mutable std::mutex mutex_;
  line line_;                                             // guarded by mutex_, as are the next three
  std::array<std::ptrdiff_t, priority_count> waiting_{};  // alive, per lane
  std::ptrdiff_t dead_ = 0;                               // withdrawn and still in the line; see leave_unseen()
  bool closed_ = false;
  detail::eventcount arrivals_;
};

static_assert(blocking_task_queue<fifo_queue<int>>);
static_assert(forgetting_task_queue<fifo_queue<task_ref>> && admitting_task_queue<fifo_queue<task_ref>>);

}}  // namespace workpool::v0
