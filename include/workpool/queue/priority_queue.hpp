#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/every_nth.hpp>
#include <workpool/queue/consumer_gate.hpp>
#include <workpool/queue/dead_count.hpp>
#include <workpool/queue/element_cell.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/lane_set.hpp>
#include <workpool/queue/places.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 {
namespace detail {

/// For queues whose consumers are woken by somebody else.
struct no_arrivals {
  void notify_one() noexcept {}
  void notify_all() noexcept {}
};

/// priority_queue, with the way consumers learn of arrivals as a parameter.
template <class T, class Arrivals>
class basic_priority_queue {
 public:
  using value_type = T;

  explicit basic_priority_queue(const queue_options& options = {})
      : options_(checked(options)), places_(options.capacity), lanes_(options.fifo ? 1 : lane_set::default_slots()) {}

  basic_priority_queue(const basic_priority_queue&) = delete;
  basic_priority_queue& operator=(const basic_priority_queue&) = delete;
  ~basic_priority_queue() {
    for (const priority lane : lane_order(0, 0)) purge(lane, [](T&&) {});
  }

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

  /// Takes places for `count` elements, or none; to be followed by as many push_reserved().
  push_status try_reserve(std::size_t count) {
    if (closed()) return push_status::closed;
    return places_.try_acquire(count) ? push_status::accepted : push_status::full;
  }

  /// Gives back what try_reserve() took and no push_reserved() used.
  void unreserve(std::size_t count) noexcept {
    for (; count != 0; --count) places_.release();
  }

  template <class Admission = no_admission>
  push_status push_reserved(T&& element, priority lane, Admission admission = {}) {
    return enter(std::move(element), lane, admission);
  }

  std::optional<T> try_pop() {
    const unsigned pick = picks_.fetch_add(1, std::memory_order_relaxed);
    const auto order = order_of(pick);
    while (const found next = pop_first(order, pick)) {
      if constexpr (withdrawable<T>) {
        if (std::optional<T> element = claim(next.pointer, next.lane)) return element;
      } else {
        places_.release();  // before the element's move, which may throw
        return cell::open(next.pointer);
      }
    }
    return std::nullopt;
  }

  /// Takes elements out of the first lane that has any and hands them to `sink(pointers, count, lane)`: of critical and
  /// high one, of the others half of the caller's share among `consumers`, at least one and at most `most`, which is at
  /// most 32. They count as waiting until claim() or put_aside(). Until the sink has returned no purge begins.
  /// `pick`: how many the caller has claimed so far; `turn`: how often it has called. Gives: how many.
  template <class Sink>
  std::size_t take_out(unsigned pick, unsigned turn, std::size_t consumers, std::size_t most,
                       Sink&& sink) noexcept requires withdrawable<T> {
    std::array<void*, largest_batch> pointers;
    const consumer_gate::passage visit(gate_);
    for (const priority lane : order_of(pick)) {
      std::size_t wanted = 1;
      if (most > 1 && takes_batches_ && lane >= priority::normal) {
        wanted = std::clamp<std::size_t>(lanes_.length(lane) / (2 * consumers), 1, most);
      }
      if (const std::size_t count = lanes_.pop_some(lane, pointers.data(), wanted, turn); count != 0) {
        sink(pointers.data(), count, lane);
        return count;
      }
    }
    return 0;
  }

  /// Whether there may be something to start before a batch of `lane` goes on; hardly ever.
  bool comes_before(priority lane, unsigned pick) const noexcept {
    return lanes_.urgent() || (lane == priority::normal && ages_(pick));
  }
  /// Takes one such element out, if there is one. As take_out().
  template <class Sink>
  void take_out_before(priority lane, unsigned pick, Sink&& sink) noexcept requires withdrawable<T> {
    const consumer_gate::passage visit(gate_);
    for (const priority urgent : {priority::critical, priority::high}) {
      if (void* const pointer = lanes_.pop(urgent, pick)) return sink(pointer, urgent);
    }
    if (lane != priority::normal || !ages_(pick)) return;
    if (void* const pointer = lanes_.pop(priority::low, pick)) sink(pointer, priority::low);
  }

  /// What was taken out is to start. Gives: nothing when it has been withdrawn meanwhile.
  std::optional<T> claim(void* pointer, priority lane) noexcept requires withdrawable<T> {
    return claim(pointer, lane, [](T& element) { return element.take(); });
  }
  /// The same where `take(element)` does what its take() would.
  template <class Take>
  std::optional<T> claim(void* pointer, priority lane, Take take) noexcept requires withdrawable<T> {
    T element = cell::open(pointer);
    if (!leaves(element, lane, take)) return std::nullopt;
    return element;
  }

  /// What was taken out does not start: it is the caller's, who withdraws it.
  T put_aside(void* pointer, priority lane) noexcept requires withdrawable<T> {
    leave_unseen(lane);
    return cell::open(pointer);
  }

  std::optional<T> pop_for(duration limit) requires(!std::same_as<Arrivals, no_arrivals>) {
    std::optional<T> element;
    arrivals_.await(
        [&] {
          const bool sealed = sealed_.load(std::memory_order_acquire);  // before the look: nothing comes after it
          element = try_pop();
          return element.has_value() || sealed;
        },
        after(steady::now(), limit));
    return element;
  }

  /// Hands every waiting element of a lane to `visit`, dead ones not included.
  template <class Visit>
  void purge(priority lane, Visit&& visit) {
    // All at once where there is memory for it: what the visitor pushes is not chased, and no push can slip between.
    remains all;
    std::vector<void*>& removed = all.pointers[lane_index(lane)];
    try {
      const std::lock_guard hold(sweeper_);
      const consumer_gate::closure alone(gate_);
      removed = lanes_.sweep(lane, [](void*) { return true; });
    } catch (const std::bad_alloc&) {
      while (void* const pointer = pop_from(lane)) {
        leave_unseen(lane);
        hand_over(pointer, visit);
      }
      return;
    }
    // All of them first: the visitor may throw.
    leave_unseen(lane, removed.size());
    for (void*& pointer : removed) hand_over(std::exchange(pointer, nullptr), visit);
  }

  /// A waiting element of this lane has been withdrawn: its place is free, its remains are passed over later.
  void forget(priority lane) noexcept {
    dead_.died(lane);
    if (too_many_dead()) sweep_due_.store(true, std::memory_order_relaxed);
    places_.release();
  }

  void close() noexcept {
    closed_.store(true, std::memory_order_seq_cst);
    lanes_.close();
    sealed_.store(true, std::memory_order_release);
    places_.wake_all();
    arrivals_.notify_all();
  }

  std::size_t size() const noexcept {
    if (places_.bounded()) return places_.taken();
    std::size_t total = 0;
    for (const std::size_t length : sizes()) total += length;
    return total;
  }

  std::array<std::size_t, priority_count> sizes() const noexcept {
    const consumer_gate::passage visit(gate_);
    std::array<std::size_t, priority_count> result{};
    std::size_t most = places_.bounded() ? places_.capacity() : std::numeric_limits<std::size_t>::max();
    for (const priority lane : lane_order(0, 0)) {
      const auto live = static_cast<std::ptrdiff_t>(lanes_.length(lane)) - dead_.of(lane);
      result[lane_index(lane)] = std::min(live > 0 ? static_cast<std::size_t>(live) : 0, most);
      most -= result[lane_index(lane)];
    }
    return result;
  }

  /// Whether a pop might find something, dead elements included: what a consumer asks before it sleeps.
  bool has_elements() const noexcept {
    const consumer_gate::passage visit(gate_);
    return lanes_.length(priority::critical) != 0 || lanes_.length(priority::high) != 0 ||
           lanes_.length(priority::normal) != 0 || lanes_.length(priority::low) != 0;
  }

  void synchronize() const noexcept { lanes_.synchronize(); }

  /// Pointers in the lanes, dead elements included.
  std::size_t physical_length() const noexcept {
    const consumer_gate::passage visit(gate_);
    std::size_t total = 0;
    for (const priority lane : lane_order(0, 0)) total += lanes_.length(lane);
    return total;
  }

 private:
  using cell = element_cell<T>;
  using lane_list = std::array<priority, priority_count>;

  struct found {
    void* pointer = nullptr;
    priority lane{};
    explicit operator bool() const noexcept { return pointer != nullptr; }
  };

  lane_list order_of(unsigned pick) const noexcept { return lane_order(ages_(pick) ? 0 : 1, ages_(pick) ? 1 : 0); }

  found pop_first(const lane_list& order, unsigned turn) noexcept {
    const consumer_gate::passage visit(gate_);
    for (const priority lane : order) {
      if (void* const pointer = lanes_.pop(lane, turn)) return {pointer, lane};
    }
    return {};
  }

  void* pop_from(priority lane, unsigned turn = 0) noexcept {
    const consumer_gate::passage visit(gate_);
    return lanes_.pop(lane, turn);
  }

  template <class Visit>
  void hand_over(void* pointer, Visit& visit) {
    T element = cell::open(pointer);
    if (alive(element)) visit(std::move(element));
  }

  bool closed() const noexcept { return closed_.load(std::memory_order_relaxed); }

  bool acquire_place(duration limit) {
    if (places_.try_acquire()) return true;
    if (options_.on_full == on_full::drop_oldest) return make_room();
    return limit > duration::zero() && places_.acquire_until(after(steady::now(), limit), [this] { return closed(); });
  }

  bool make_room() {
    for (spinner spin; !places_.try_acquire();) {
      if (!drop_one()) spin.once();  // every place belongs to an element that is on its way in or out
    }
    return true;
  }

  bool drop_one() {
    const found oldest = pop_first({priority::low, priority::normal, priority::high, priority::critical},
                                   picks_.load(std::memory_order_relaxed));
    if (!oldest) return false;
    leave_unseen(oldest.lane);
    static_cast<void>(cell::open(oldest.pointer));
    return true;
  }

  // The caller holds a place.
  template <class Admission>
  push_status enter(T&& element, priority lane, Admission& admission) {
    struct place {
      ~place() {
        if (owner != nullptr) owner->release();
      }
      places* owner;
    } held{&places_};
    if (sweep_due_.load(std::memory_order_relaxed)) sweep();
    typename cell::writer writer(std::move(element));
    try {
      if (!lanes_.push(writer.pointer(), lane, admission)) {
        writer.undo(element);
        return push_status::closed;
      }
    } catch (...) {
      writer.undo(element);
      throw;
    }
    writer.commit(element);
    held.owner = nullptr;
    arrivals_.notify_one();
    return push_status::accepted;
  }

  template <class Take>
  bool leaves(T& element, priority lane, Take take) noexcept requires withdrawable<T> {
    if (!take(element)) {
      dead_.removed(lane);
      return false;
    }
    places_.release();
    return true;
  }

  // Elements that were not taken: either one is dead, or whoever withdraws it now will say so by forget().
  void leave_unseen(priority lane, std::size_t count = 1) noexcept {
    if constexpr (withdrawable<T>) {
      dead_.removed(lane, count);
    } else {
      unreserve(count);
    }
  }

  static bool alive(const T& element) noexcept {
    if constexpr (withdrawable<T>) {
      return element.waiting();
    } else {
      return true;
    }
  }

  bool too_many_dead() const noexcept {
    return dead_.too_many(options_.capacity, [this] { return physical_length(); });
  }

  void sweep() {
    if constexpr (withdrawable<T>) {
      remains dead;  // destroyed after the locks: results and names are the user's
      const std::lock_guard hold(sweeper_);
      sweep_due_.store(false, std::memory_order_relaxed);
      if (!too_many_dead()) return;
      const consumer_gate::closure alone(gate_);
      for (const priority lane : lane_order(0, 0)) {
        auto& removed = dead.pointers[lane_index(lane)];
        removed = lanes_.sweep(lane, [](void* one) { return !cell::waiting(one); });
        dead_.removed(lane, removed.size());
      }
    }
  }

  struct remains {
    ~remains() {
      for (const auto& lane : pointers) {
        for (void* const pointer : lane) {
          if (pointer != nullptr) static_cast<void>(cell::open(pointer));
        }
      }
    }
    std::array<std::vector<void*>, priority_count> pointers;
  };

  static constexpr std::size_t largest_batch = 32;  // measured: 35 ns a task, against 84 for 4 and 25 for 64

  const queue_options options_;
  const every_nth ages_{options_.aging};
  // With fifo the order is exact; and drop_oldest has to find the oldest in the lanes.
  const bool takes_batches_ = !options_.fifo && (options_.capacity == 0 || options_.on_full != on_full::drop_oldest);
  places places_;
  std::atomic<bool> closed_{false};  // no push begins after it
  std::atomic<bool> sealed_{false};  // and none is under way
  std::atomic<unsigned> picks_{0};   // of consumers without a counter of their own
  std::atomic<bool> sweep_due_{false};
  mutable consumer_gate gate_;  // sweeps and purges do not overlap with pops
  std::mutex sweeper_;
  dead_count dead_;
  lane_set lanes_;
  Arrivals arrivals_;
};

}  // namespace detail

/// Four lanes, most urgent first: critical, high, normal, low. The queue of both pools, and usable alone.
///
/// Threads: any number of producers and consumers.
/// Blocks: push_for and pop_for at most as long as they are told; the others never.
/// Throws: bad_config for invalid options; std::bad_alloc from pushes, and the element is still the caller's then.
/// Order: per lane and pushing thread, first in, first out; with options.fifo over all threads. Every
/// options.aging-th pop looks at the lowest non-empty lane first.
/// Cost: a bounded queue pays for its exact count with two shared counters per operation, an unbounded one counts
/// nothing.
template <class T>
class priority_queue : public detail::basic_priority_queue<T, detail::eventcount> {
 public:
  using detail::basic_priority_queue<T, detail::eventcount>::basic_priority_queue;
};

static_assert(blocking_task_queue<priority_queue<int>>);
static_assert(forgetting_task_queue<priority_queue<task_ref>> && admitting_task_queue<priority_queue<task_ref>>);

}}  // namespace workpool::v0
