#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <utility>
#include <vector>
#include <workpool/core/attempt_ref.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/every_nth.hpp>
#include <workpool/pool/chooser.hpp>
#include <workpool/pool/inbox.hpp>
#include <workpool/pool/late_tasks.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/queue_options.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Which worker gets which task, where a strategy decides that: without threads, locks and clocks, so that a pool and a
/// simulation can go by the same rules.
///
///     queue, late ─► dispatch: the strategy picks ─► the worker's inbox ─► take
///                        └─ no preference ─► anyone's inbox ───────────────┘
///
/// Tasks are dispatched while a worker has few enough in flight, and again when one has nothing left; until then they
/// wait in the queue, where the lanes are. Urgent ones are dispatched earlier, so that they overtake what lies in the
/// inboxes. A worker that has not begun anything for `patience` loses what waits for it to those who have nothing to
/// do, unless the strategy pins it; one that is not ready any more, and one that weighs nothing, to whom the strategy
/// picks next.
///
/// A Worker has id(), state(), is_wanted(), is_ready(), is_working() and rests().
/// Threads: one at a time; claim() and put_aside() any. Memory: a list node for each task that has ever been dispatched
/// and not claimed at the same time. Cost: a look at every worker per look().
template <task_queue Queue, class Worker, selection_strategy Selection>
class dispatcher {
  static_assert(batching_task_queue<Queue>,
                "a pool with a selection strategy takes tasks out of its queue before they start: the queue needs "
                "take_out() and claim() (batching_task_queue); leave the queue out, or use select::first_idle");

 public:
  /// Of one worker, to go on dispatching: with more it would be bound earlier than need be, with fewer a worker that
  /// ends a task would have to ask for the next.
  static constexpr std::size_t enough_in_flight = 4;
  /// The same for urgent tasks: more wait in the queue, where dead ones are swept out, and are dispatched before
  /// whoever looks next takes anything.
  static constexpr std::size_t most_in_flight = 8;
  static constexpr duration patience = std::chrono::milliseconds(1);

  dispatcher(const queue_options& options, Queue& queue, late_tasks& late, Selection selection)
      : queue_(queue), late_(late), ages_(options.aging), chooser_(std::move(selection)) {}
  dispatcher(const dispatcher&) = delete;
  dispatcher& operator=(const dispatcher&) = delete;

  detail::chooser<Selection>& chooser() noexcept { return chooser_; }
  const detail::chooser<Selection>& chooser() const noexcept { return chooser_; }

  /// How many tasks are dispatched and not taken.
  std::size_t size() const noexcept { return size_; }

  /// Whether somebody who waits in the middle of a task counts as there, since another one will stand in for him.
  enum class held_up : std::uint8_t { counts, is_gone };

  /// Looks at the workers, once for what follows. `each(visit)` calls visit(worker) with each, by id. Where nobody who
  /// is there weighs anything, all do: what was accepted has to run.
  template <class Each>
  void look(const Each& each, held_up waiting = held_up::counts) noexcept {
    shown_.clear();
    bool anyone_weighs = false;
    each([&](Worker& one) {
      seat* const its = seat_of(one);
      if (its == nullptr) return;
      const bool ready = one.is_ready();
      const worker_state working = one.is_working() ? worker_state::busy : worker_state::idle;
      worker_view view{.id = one.id(),
                       .state = ready ? working : one.state(),
                       .in_flight = its->in_flight(),
                       .completed = its->completed(),
                       .idle_since = its->idle_since};
      view.weight = chooser_.weight_of(view);
      const bool there = ready || (waiting == held_up::counts && one.is_wanted() && one.state() != worker_state::dead);
      if (there && view.weight != 0) anyone_weighs = true;
      its->takes = ready && view.weight != 0;
      if (ready) shown_.push_back(view);
    });
    if (anyone_weighs) return;
    for (worker_view& one : shown_) {
      one.weight = 1;
      seats_[one.id].takes = true;
    }
  }

  /// Dispatches what waits, as long as somebody could use it. `looking`: who is looking for a task, if anybody.
  /// `wake(worker)` is called with each that has got something and rests, once until that looks.
  /// Gives: whether there is more than is got to at once.
  template <class Wake>
  bool dispatch(const Worker* looking, const Wake& wake) noexcept {
    bool crowded = false;
    for (inbox::list next; more_may_be_dispatched() && take_next(next);) {
      const task& one = *next.front().one;
      ++size_;
      if (const auto picked = chooser_.choose(shown_, {one.id(), one.lane(), one.key()})) {
        seat& its = seats_[shown_[*picked].id];
        its.box.put(next);
        if (++shown_[*picked].in_flight > 1) crowded = true;
        if (its.worker != looking) tell(its, wake);
        continue;
      }
      anyones_.put(next);
      if (looking != nullptr && is_free(looking->id())) continue;  // that one takes it
      if (!tell_anyone(wake)) crowded = true;
    }
    // Who was told of it before may have been given something else since.
    if (!anyones_.empty() && !somebody_comes()) tell_anyone(wake);
    return crowded || late_.any() || queue_.has_elements();
  }

  /// Whether nobody would be given more of what waits in the queue.
  bool full() const noexcept { return !more_may_be_dispatched(); }
  /// Whether something waits there that overtakes what has been dispatched. Threads: any.
  bool urgent() const noexcept { return queue_.comes_before(priority::low, 0); }

  /// Who looks has ended what it took before.
  void look_again(Worker& me) noexcept {
    if (seat* const own = seat_of(me)) own->told = own->busy = false;
  }

  /// Whether a take finds something for `me` that nothing in the queue overtakes. Then nothing needs to be dispatched:
  /// `me` does that when it has nothing any more.
  bool is_provided_for(Worker& me) noexcept {
    const seat* const own = seat_of(me);
    return own != nullptr && own->takes && !own->box.empty() && !urgent() && !late_.any();
  }

  /// Whether a take, or a dispatch, may find something for `me`, or somebody for something.
  bool worth_a_look(Worker& me) noexcept {
    const seat* const own = seat_of(me);
    if (own == nullptr) return queue_.has_elements();
    if (own->takes && (!own->box.empty() || !anyones_.empty() || anything_overdue(*own))) return true;
    return more_may_be_dispatched() && (anything_stranded() || late_.any() || queue_.has_elements());
  }

  /// Gives: what this worker runs next, to be claimed; nothing when there is nothing, and then it is idle, since now().
  template <class Now>
  std::optional<dispatched> take(Worker& me, const Now& now) noexcept {
    seat* const own = seat_of(me);
    if (own == nullptr) return take_undispatched();
    if (own->takes && (take_in_order(*own) || take_overdue(*own))) {
      --size_;
      ++own->begun;
      own->busy = true;
      own->idle = false;
      return spare_.front();
    }
    if (!std::exchange(own->idle, true)) own->idle_since = now();
    return std::nullopt;
  }
  bool takes(Worker& me) noexcept {
    const seat* const own = seat_of(me);
    return own == nullptr || own->takes;
  }

  /// What waits for a worker that has not begun anything for `patience`, as far as calls of this tell, is for
  /// everybody. Gives: whether there is something of that kind for anybody but `me`.
  bool find_overdue(const Worker& me, time_point now) noexcept {
    bool found = false;
    for (seat& one : seats_) {
      if (!one.seen_at || one.seen_begun != one.begun || !one.box.has(may_be_taken)) {
        one.seen_begun = one.begun;
        one.seen_at = now;
        one.is_overdue = false;
      } else if (now - *one.seen_at >= patience) {
        one.is_overdue = true;
      }
      found = found || (one.is_overdue && one.worker != &me);
    }
    return found;
  }

  /// Whether something waits for a worker that will not come to it; the next dispatch gives it to another one.
  bool anything_stranded() const noexcept { return std::any_of(seats_.begin(), seats_.end(), is_stranded); }

  /// Wakes somebody who has nothing to do. Gives: whether there is one.
  template <class Wake>
  bool tell_anyone(const Wake& wake) noexcept {
    for (const worker_view& one : shown_) {
      if (one.in_flight == 0 && is_free(one.id) && tell(seats_[one.id], wake)) return true;
    }
    return false;
  }

  /// Takes what was dispatched of one lane.
  void take_all(priority lane, inbox::list& into) noexcept {
    const std::size_t before = into.size();
    for (seat& one : seats_) one.box.take_all(lane, into);
    anyones_.take_all(lane, into);
    size_ -= into.size() - before;
  }

  /// What was taken is to start. Gives: the started task with its reference; nullptr when it has been withdrawn.
  task* claim(const dispatched& entry) {
    if (entry.holds_place) {
      std::optional<task_ref> next = queue_.claim(entry.one, entry.one->lane());
      return next ? next->release() : nullptr;
    }
    attempt_ref next(entry.one, entry.ended);
    return next.take() ? next.release() : nullptr;
  }
  /// What was taken does not start: it is the caller's.
  task_ref put_aside(const dispatched& entry) {
    return entry.holds_place ? queue_.put_aside(entry.one, entry.one->lane()) : task_ref(entry.one);
  }
  /// Gives back what take_all() gave.
  void recycle(inbox::list& used) noexcept { spare_.splice(spare_.begin(), used); }

 private:
  // What is known of a worker.
  struct seat {
    std::size_t in_flight() const noexcept { return box.size() + (busy || worker->is_working() ? 1U : 0U); }
    std::uint64_t completed() const noexcept { return begun - (busy ? 1U : 0U); }

    const Worker* worker = nullptr;
    inbox box{};
    bool takes = false;                   // is ready and weighs something, as of look()
    bool told = false;                    // that there is something, and has not looked since
    bool busy = false;                    // has taken something, and has not looked since
    bool idle = false;                    // has looked, and found nothing
    bool is_overdue = false;              // begins nothing
    std::uint64_t begun = 0;              // tasks
    std::uint64_t seen_begun = 0;         // when it was last looked at,
    std::optional<time_point> seen_at{};  // which has not changed since then
    time_point idle_since{};
  };

  // Gives: nullptr where there is no memory for it.
  seat* seat_of(Worker& one) noexcept {
    const std::size_t id = one.id();
    try {
      if (seats_.size() <= id) shown_.reserve(id + 1);
      while (seats_.size() <= id) seats_.emplace_back();
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    seats_[id].worker = &one;
    return &seats_[id];
  }

  bool is_free(worker_id id) const noexcept {
    const seat& one = seats_[id];
    return one.takes && !one.busy && one.box.empty();
  }

  // Whether somebody who has nothing will look before he rests.
  bool somebody_comes() const noexcept {
    return std::any_of(shown_.begin(), shown_.end(), [this](const worker_view& one) {
      return is_free(one.id) && (seats_[one.id].told || !seats_[one.id].worker->rests());
    });
  }

  template <class Wake>
  static bool tell(seat& one, const Wake& wake) noexcept {
    if (one.told || !one.worker->rests()) return false;
    one.told = true;
    wake(*one.worker);
    return true;
  }

  bool more_may_be_dispatched() const noexcept {
    const bool hurry = urgent();
    const std::size_t enough = hurry ? most_in_flight : enough_in_flight;
    if (anyones_.size() >= enough) return false;
    return std::any_of(shown_.begin(), shown_.end(),
                       [enough](const worker_view& one) { return takes_tasks(one) && one.in_flight < enough; });
  }

  // A seat with something in it whose worker will not come to it.
  static bool is_stranded(const seat& one) noexcept { return !one.takes && !one.box.empty(); }

  // Gives: false when there is nothing, or no memory to take it.
  bool take_next(inbox::list& into) noexcept {
    if (const auto from = std::find_if(seats_.begin(), seats_.end(), is_stranded); from != seats_.end()) {
      --size_;
      return from->box.take(into, [](const dispatched&) { return true; });
    }
    try {
      if (spare_.empty()) spare_.emplace_back();
    } catch (const std::bad_alloc&) {
      return false;
    }
    dispatched& entry = spare_.front();
    const auto keep = [&entry](void* const* first, std::size_t, priority) {
      entry = {static_cast<task*>(*first), true};
    };
    const auto take_late = [&] {
      std::optional<attempt_ref> late = late_.any() ? late_.next(queue_.sizes()) : std::nullopt;
      if (!late) return false;
      entry = {late->get(), false, late->ended()};
      late->release();
      return true;
    };
    const auto take_queued = [&] {
      if (queue_.take_out(picks_, turns_++, 1, 1, keep) == 0) return false;
      ++picks_;
      return true;
    };
    // Those that come back without a pause could keep others waiting.
    const bool others_first = late_.any() && every_61st_(late_picks_++);
    if (!(others_first && take_queued()) && !take_late() && (others_first || !take_queued())) return false;
    into.splice(into.begin(), spare_, spare_.begin());
    return true;
  }

  // Without memory for its seat a worker takes what comes next.
  std::optional<dispatched> take_undispatched() noexcept {
    inbox::list next;
    if (!take_next(next)) return std::nullopt;
    spare_.splice(spare_.begin(), next);
    return spare_.front();
  }

  // What waits for this worker, and what waits for anyone, the higher lane first, but for the picks that look at the
  // lowest one first. What is taken lies in front of spare_.
  bool take_in_order(seat& own) noexcept {
    if (own.box.empty() && anyones_.empty()) return false;
    const bool ages = ages_(static_cast<std::uint32_t>(own.begun));
    for (const priority lane : lane_order(ages ? 0 : 1, ages ? 1 : 0)) {
      if (own.box.take_of(lane, spare_) || anyones_.take_of(lane, spare_)) return true;
    }
    return false;
  }

  static bool may_be_taken_from(const seat& one) noexcept { return one.is_overdue && one.begun == one.seen_begun; }

  bool anything_overdue(const seat& own) const noexcept {
    return std::any_of(seats_.begin(), seats_.end(), [&own](const seat& one) {
      return &one != &own && may_be_taken_from(one) && one.box.has(may_be_taken);
    });
  }

  bool take_overdue(const seat& own) noexcept {
    for (seat& one : seats_) {
      if (&one == &own || !may_be_taken_from(one)) continue;
      one.is_overdue = false;
      if (one.box.take(spare_, may_be_taken)) return true;
    }
    return false;
  }

  static bool may_be_taken(const dispatched& entry) noexcept {
    return !detail::chooser<Selection>::pins(entry.one->key());
  }

  Queue& queue_;
  late_tasks& late_;
  const every_nth ages_;
  detail::chooser<Selection> chooser_;
  std::vector<seat> seats_;  // by worker id
  std::vector<worker_view> shown_;
  inbox anyones_;
  inbox::list spare_;
  std::size_t size_ = 0;  // of all inboxes
  static constexpr every_nth every_61st_{61};
  unsigned picks_ = 0, turns_ = 0, late_picks_ = 0;
};

}}}  // namespace workpool::v0::detail
