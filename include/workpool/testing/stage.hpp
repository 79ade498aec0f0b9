#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/manual_clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/testing/event_log.hpp>
#include <workpool/testing/fate.hpp>
#include <workpool/testing/simulation.hpp>
#include <workpool/testing/simulation_options.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// Where a simulation takes place: its time, what is still to happen in it, its chance, and what is written down of it.
/// Threads: one. Order: what happens at the same time happens in the order in which it was booked.
class stage {
 public:
  explicit stage(simulation_options chosen)
      : options(checked(chosen)), fate(options.seed), log_(result, options.keeps) {}
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  time_point now() const noexcept { return clock.now(); }
  time_point closing_time() const noexcept { return after(time_point{}, options.length); }

  template <class F>
  void book(duration delay, F what) {
    events_.emplace(after(now(), delay), std::move(what));
  }
  /// Books `what` now and from then on every so often, by chance or not.
  void book_every(const std::function<duration()>& interval, const std::function<void()>& what) {
    book(interval(), [this, interval, what] {
      book_every(interval, what);
      what();
    });
  }
  /// Turns the clock to what comes next, and lets it happen.
  void go_on() {
    auto next = events_.extract(events_.begin());
    clock.advance(next.key() - now());
    next.mapped()();
    ++result.events;
  }

  void note(happening what, std::optional<worker_life> who, task_id one = 0, std::optional<outcome> how = {}) noexcept {
    log_.note(now(), what, who, one, how);
  }
  /// Something that must never be.
  void broken(const std::string& what) noexcept { log_.broken(now(), what); }

  const simulation_options options;
  manual_clock clock;
  testing::fate fate;
  simulation result;

 private:
  event_log log_;
  std::multimap<time_point, std::function<void()>> events_;
};

}}}  // namespace workpool::v0::testing
