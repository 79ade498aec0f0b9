#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/clock_ref.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/event_hub.hpp>
#include <workpool/core/mailbox.hpp>
#include <workpool/core/subscription.hpp>
#include <workpool/resilience/breaker_machine.hpp>
#include <workpool/resilience/circuit_breaker_options.hpp>

namespace workpool { inline namespace v0 {

/// Keeps calls away from what has failed, for a while, and then tries it with few of them: see breaker_machine.hpp for
/// the states. Usable alone, around anything that can fail.
///
///     circuit_breaker backend{{.failure_threshold = 3, .open_for = 10s}};
///     reply answer = backend.execute([&] { return ask(question); });   // circuit_open while it is open
///
/// Threads: any. Blocks: never for longer than a few instructions of another thread. Throws: bad_config and
/// std::bad_alloc from the constructors and on_transition, circuit_open and what the callable throws from execute, the
/// rest nothing. Permits and a clock that is passed in: the clock must outlive the breaker, the breaker its permits.
class circuit_breaker {
 public:
  using state = detail::breaker_state;

  /// One call that may be made. Tell how it went; when that is not told it is handed back, and counts nowhere.
  /// Threads: one at a time.
  class [[nodiscard]] permit {
   public:
    permit() noexcept = default;  // leave for nothing: telling it changes nothing
    permit(permit&& other) noexcept
        : breaker_(std::exchange(other.breaker_, nullptr)), generation_(other.generation_), begin_(other.begin_) {}
    permit& operator=(permit&& other) noexcept {
      permit taken(std::move(other));
      std::swap(breaker_, taken.breaker_);
      std::swap(generation_, taken.generation_);
      std::swap(begin_, taken.begin_);
      return *this;
    }
    ~permit() { tell(detail::call_result::dropped); }

    /// Whether there is a call to be told of.
    bool held() const noexcept { return breaker_ != nullptr; }

    /// The first word counts.
    void success() noexcept { tell(detail::call_result::success); }
    void failure() noexcept { tell(detail::call_result::failure); }

   private:
    friend class circuit_breaker;
    permit(circuit_breaker& breaker, std::uint64_t generation, time_point begin) noexcept
        : breaker_(&breaker), generation_(generation), begin_(begin) {}

    void tell(detail::call_result result) noexcept {
      if (circuit_breaker* const breaker = std::exchange(breaker_, nullptr)) breaker->record(*this, result);
    }

    circuit_breaker* breaker_ = nullptr;
    std::uint64_t generation_ = 0;
    time_point begin_{};
  };

  struct counts {
    std::uint64_t successes, failures;  // of the calls that were let through
    std::uint64_t rejected;             // calls that were not
    std::uint64_t transitions;          // from one state to another
  };

  explicit circuit_breaker(circuit_breaker_options options = {}) : machine_(options) {}
  template <monotonic_clock Clock>
  circuit_breaker(circuit_breaker_options options, Clock& clock) : clock_(clock), machine_(options) {}
  circuit_breaker(const circuit_breaker&) = delete;
  circuit_breaker& operator=(const circuit_breaker&) = delete;

  /// Gives: leave for one call, or nothing: it is not to be made.
  std::optional<permit> try_acquire() noexcept {
    const time_point now = clock_.now();
    std::optional<std::uint64_t> generation;
    change([&] {
      generation = machine_.acquire(now);
      if (!generation) ++counts_.rejected;
    });
    if (!generation) return std::nullopt;
    return permit(*this, *generation, now);
  }

  /// Calls `callable`, and judges by whether it throws; task_cancelled is no failure and no success. Gives: what it
  /// returns. Throws: what it throws; circuit_open, and then it was not called.
  template <std::invocable F>
  auto execute(F&& callable) -> std::invoke_result_t<F> {
    std::optional<permit> leave = try_acquire();
    if (!leave) throw circuit_open(refusal());
    try {
      const success_at_return verdict{*leave};
      return std::invoke(std::forward<F>(callable));
    } catch (const task_cancelled&) {
      throw;
    } catch (...) {
      leave->failure();
      throw;
    }
  }

  /// As the last call left it: an open breaker becomes half open with the first call after open_for, not before.
  state current() const noexcept {
    const std::lock_guard hold(mutex_);
    return machine_.state();
  }

  /// Lets nobody, or everybody, through until reset().
  void force_open() noexcept {
    change([&, now = clock_.now()] { machine_.force_open(now); });
  }
  void force_closed() noexcept {
    change([&, now = clock_.now()] { machine_.force_closed(now); });
  }
  /// Closed, and everything that was known is forgotten; calls that are on their way count nowhere.
  void reset() noexcept {
    change([&, now = clock_.now()] { machine_.reset(now); });
  }

  /// Has `handler(from, to)` called after each transition, in their order, one at a time, by the thread that caused one
  /// of them. It may use the breaker. What it throws is swallowed.
  template <std::invocable<state, state> F>
  subscription on_transition(F&& handler) {
    static_assert(std::is_nothrow_destructible_v<std::decay_t<F>>, "a handler's destructor must not throw");
    auto call = [handler = std::forward<F>(handler)](const transition& step) mutable {
      static_cast<void>(std::invoke(handler, step.from, step.to));
    };
    const auto box = std::make_shared<detail::mailbox_of<transition, decltype(call)>>(
        std::make_shared<detail::mailbox_counts>(), std::move(call));
    handlers_.add(box);
    return subscription(box);
  }

  counts stats() const noexcept {
    const std::lock_guard hold(mutex_);
    return counts_;
  }

 private:
  struct transition {
    state from, to;
  };

  struct success_at_return {
    permit& leave;
    int before = std::uncaught_exceptions();
    ~success_at_return() {
      if (std::uncaught_exceptions() == before) leave.success();
    }
  };

  void record(const permit& one, detail::call_result result) noexcept {
    const time_point now = clock_.now();
    change([&] {
      if (result == detail::call_result::success) ++counts_.successes;
      if (result == detail::call_result::failure) ++counts_.failures;
      machine_.record(one.generation_, result, now - one.begin_, now);
    });
  }

  template <class Step>
  void change(Step step) noexcept {
    std::unique_lock hold(mutex_);
    const state before = machine_.state();
    step();
    if (machine_.state() == before) return;
    ++counts_.transitions;
    tell({before, machine_.state()}, hold);
  }

  // One thread tells at a time, what others add meanwhile too, so that the handlers see the transitions in order.
  void tell(transition step, std::unique_lock<std::mutex>& hold) noexcept {
    try {
      untold_.push_back(step);
    } catch (const std::bad_alloc&) {
      return;  // the breaker goes on, its handlers miss one
    }
    if (std::exchange(telling_, true)) return;
    while (!untold_.empty()) {
      const transition next = untold_.front();
      untold_.pop_front();
      hold.unlock();
      if (const auto boxes = handlers_.snapshot()) {
        for (const auto& box : *boxes) box->deliver(next);
      }
      hold.lock();
    }
    telling_ = false;
  }

  std::string refusal() const {
    const time_point now = clock_.now();  // the user's, and so not under the lock
    const std::lock_guard hold(mutex_);
    if (machine_.state() == state::forced_open) return "the circuit breaker is held open by force_open()";
    if (machine_.state() == state::half_open)
      return "the circuit breaker is half open and has enough probes on their way";
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(remaining(machine_.opens_until(), now));
    return "the circuit breaker is open; it lets a call through in " + std::to_string(wait.count()) + " ms";
  }

  const detail::clock_ref clock_;
  mutable std::mutex mutex_;
  detail::breaker_machine machine_;  // guarded by mutex_, as all that follows but handlers_
  counts counts_{};
  std::list<transition> untold_;
  bool telling_ = false;
  detail::mailbox_list<transition> handlers_;
};

using detail::to_string;

}}  // namespace workpool::v0
