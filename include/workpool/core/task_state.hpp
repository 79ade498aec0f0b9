#pragma once
#include <atomic>
#include <cstdint>
#include <workpool/core/outcome.hpp>

/// The life of a task as a pure machine: (state, event) → (state, actions). Threads only carry the actions out.
///
///     queued ──start──► running ──finish──► settled
///      │  ▲──put_back──────┘
///      └─withdraw──► withdrawing ──publish──► settled
///
/// One that waits may be handed out to who will run it soon: then nobody else withdraws it before it is handed back. If
/// he is another process it may be taken for running before it does, and is handed out again when that is known.
/// A withdrawn task is cancelled, expired, discarded or told that its pool is broken; it never runs, or not again: one
/// that expires between two attempts ends as the earlier one did. Between `withdrawing` and `settled` whoever withdrew
/// it destroys the callable and counts, so that everything is over when a waiter learns of it. Every transition happens
/// once: whoever sees `taken` has the right and the duty to act.
namespace workpool { inline namespace v0 { namespace detail {

enum class task_phase : std::uint8_t { queued, running, withdrawing, settled };

enum class task_event : std::uint8_t {
  start,         // somebody is going to run it
  hand_out,      // somebody will, if nobody wants it back
  hand_back,     // nobody will for now
  take_back,     // it was taken for running and has not begun: it is handed out as before
  withdraw,      // it shall never run; carries the outcome
  publish,       // the withdrawal is complete
  finish,        // the body has returned, or is no longer waited for; carries the outcome
  request_stop,  // a running body is asked to stop, and is the last one
  overrun,       // a running body is asked to stop, since the time of this attempt is over
  put_back,      // this attempt has failed, and there will be another one; carries the outcome of this one
  come_due,      // an attempt, of it or of a part of it, has come that whoever waits could run
  watch,         // a thread is about to sleep until it is settled
  follow         // a coroutine is to be resumed when it is settled
};

/// What the thread that made the transition has to do, as a set of bits.
enum class task_action : std::uint8_t {
  none = 0,
  run_body = 1,
  destroy_callable = 2,
  signal_stop = 4,
  wake_watchers = 8,
  resume_follower = 16
};

constexpr task_action operator|(task_action left, task_action right) noexcept {
  return static_cast<task_action>(static_cast<std::uint8_t>(left) | static_cast<std::uint8_t>(right));
}
constexpr bool has(task_action set, task_action one) noexcept {
  return (static_cast<std::uint8_t>(set) & static_cast<std::uint8_t>(one)) != 0;
}

/// One word: the phase, the outcome (of a withdrawing or settled task, and of the last attempt of one that was put
/// back), five flags, one that is turned over so that sleepers look, and the number of attempts that have ended, modulo
/// 2²¹.
class task_state {
 public:
  constexpr task_state() noexcept = default;
  constexpr explicit task_state(std::uint32_t bits) noexcept : bits_(bits) {}
  constexpr std::uint32_t bits() const noexcept { return bits_; }
  static constexpr task_state running_after(std::uint32_t attempts) noexcept {
    return task_state(attempts * one_attempt).with(task_phase::running);
  }

  constexpr task_phase phase() const noexcept { return static_cast<task_phase>(bits_ & 3U); }
  constexpr workpool::outcome outcome() const noexcept { return static_cast<workpool::outcome>((bits_ >> 2) & 7U); }
  constexpr bool stop_requested() const noexcept { return (bits_ & stop_bit) != 0; }
  constexpr bool watched() const noexcept { return (bits_ & watch_bit) != 0; }
  constexpr bool followed() const noexcept { return (bits_ & follow_bit) != 0; }
  constexpr bool handed_out() const noexcept { return (bits_ & handed_bit) != 0; }
  constexpr bool overdue() const noexcept { return (bits_ & overdue_bit) != 0; }
  constexpr std::uint32_t attempts() const noexcept { return bits_ / one_attempt; }

  constexpr task_state with(task_phase phase) const noexcept {
    return task_state((bits_ & ~3U) | static_cast<std::uint32_t>(phase));
  }
  constexpr task_state with(workpool::outcome result) const noexcept {
    return task_state((bits_ & ~(7U << 2)) | (static_cast<std::uint32_t>(result) << 2));
  }
  constexpr task_state with_stop() const noexcept { return task_state(bits_ | stop_bit); }
  constexpr task_state with_watch() const noexcept { return task_state(bits_ | watch_bit); }
  constexpr task_state with_follow() const noexcept { return task_state(bits_ | follow_bit); }
  constexpr task_state handed(bool out) const noexcept {
    return task_state(out ? bits_ | handed_bit : bits_ & ~handed_bit);
  }
  constexpr task_state with_overdue() const noexcept { return task_state(bits_ | overdue_bit); }
  constexpr task_state turned_over() const noexcept { return task_state(bits_ ^ turn_bit); }
  constexpr task_state with_attempt() const noexcept { return task_state((bits_ & ~overdue_bit) + one_attempt); }

  friend constexpr bool operator==(task_state, task_state) noexcept = default;

 private:
  static constexpr std::uint32_t stop_bit = 1U << 5;
  static constexpr std::uint32_t watch_bit = 1U << 6;
  static constexpr std::uint32_t follow_bit = 1U << 7;
  static constexpr std::uint32_t overdue_bit = 1U << 8;
  static constexpr std::uint32_t turn_bit = 1U << 9;
  static constexpr std::uint32_t handed_bit = 1U << 10;
  static constexpr std::uint32_t one_attempt = 1U << 11;
  std::uint32_t bits_ = 0;
};

struct task_step {
  task_state next;
  task_action actions = task_action::none;
  bool taken = false;  // false: the event does not apply; next is the state unchanged
};

constexpr task_action tell(task_state state) noexcept {
  return (state.watched() ? task_action::wake_watchers : task_action::none) |
         (state.followed() ? task_action::resume_follower : task_action::none);
}

constexpr task_step transition(task_state now, task_event event, outcome result) noexcept {
  const task_step refused{now};
  const task_phase phase = now.phase();
  switch (event) {
    case task_event::start:
      if (phase != task_phase::queued) return refused;
      return {now.handed(false).with(task_phase::running), task_action::run_body, true};
    case task_event::hand_out:
      if (phase != task_phase::queued || now.handed_out()) return refused;
      return {now.handed(true), task_action::none, true};
    case task_event::hand_back:
      if (phase != task_phase::queued || !now.handed_out()) return refused;
      return {now.handed(false), task_action::none, true};
    case task_event::take_back:
      if (phase != task_phase::running || now.stop_requested()) return refused;
      return {now.with(task_phase::queued).handed(true), task_action::none, true};
    case task_event::withdraw:
      if (phase != task_phase::queued || now.handed_out()) return refused;
      if (result == outcome::expired && now.attempts() != 0) result = now.outcome();
      return {now.with(task_phase::withdrawing).with(result), task_action::destroy_callable, true};
    case task_event::publish:
      if (phase != task_phase::withdrawing) return refused;
      return {now.with(task_phase::settled), tell(now), true};
    case task_event::finish:
      if (phase != task_phase::running) return refused;
      return {now.with(task_phase::settled).with(result), tell(now), true};
    case task_event::request_stop:
      if (phase != task_phase::running || now.stop_requested()) return refused;
      return {now.with_stop(), task_action::signal_stop, true};
    case task_event::overrun:
      if (phase != task_phase::running || now.stop_requested() || now.overdue()) return refused;
      return {now.with_overdue(), task_action::signal_stop, true};
    case task_event::put_back:
      if (phase != task_phase::running || now.stop_requested()) return refused;
      return {now.with_attempt().with(task_phase::queued).with(result), task_action::none, true};
    case task_event::come_due:
      if (phase == task_phase::withdrawing || phase == task_phase::settled) return refused;
      return {now.turned_over(), now.watched() ? task_action::wake_watchers : task_action::none, true};
    case task_event::watch:
      if (phase == task_phase::settled) return refused;
      return {now.with_watch(), task_action::none, true};
    case task_event::follow:
      if (phase == task_phase::settled || now.followed()) return refused;
      return {now.with_follow(), task_action::none, true};
  }
  return refused;
}

inline constexpr std::uint32_t any_attempt = ~std::uint32_t{0};

/// Carries `Event` out on the word that holds a task's state, if so many attempts have ended.
/// Order: what happened before a transition is visible to whoever makes or sees the next one.
template <task_event Event>
task_step advance(std::atomic<std::uint32_t>& word, outcome result = outcome::value,
                  std::uint32_t attempts = any_attempt) noexcept {
  std::uint32_t seen = word.load(std::memory_order_acquire);
  for (;;) {
    const task_state now(seen);
    if (attempts != any_attempt && now.attempts() != attempts) return {now};
    const task_step step = transition(now, Event, result);
    if (!step.taken) return step;
    if (word.compare_exchange_weak(seen, step.next.bits(), std::memory_order_acq_rel, std::memory_order_acquire)) {
      return step;
    }
  }
}

}}}  // namespace workpool::v0::detail
