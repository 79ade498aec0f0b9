#pragma once
#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/subscription.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/dispatcher.hpp>
#include <workpool/pool/inbox.hpp>
#include <workpool/pool/late_tasks.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/queue_options.hpp>
#include <workpool/resilience/circuit_breaker.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/supervise/restart_intensity.hpp>
#include <workpool/supervise/slot_machine.hpp>
#include <workpool/testing/simulated_crew.hpp>
#include <workpool/testing/simulated_task.hpp>
#include <workpool/testing/simulation.hpp>
#include <workpool/testing/simulation_options.hpp>
#include <workpool/testing/stage.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// A pool in which time does not pass and workers only seem to crash, hang, slow down and fail to start: for trying a
/// selection strategy or a restart policy on thousands of bad days in a minute.
///
///     simulation day = simulator<my_strategy>({.seed = 7}).run();
///
/// What decides is real: the queue, the dispatcher with the strategy, the state machine of tasks, the slots with the
/// restart policy, the circuit breaker. What only happens is drawn from the seed: when tasks come, how long they take,
/// what goes wrong. Equal options, strategies and policies give the same history, to the byte. After every event the
/// invariants are checked: each task ends once and runs at most once, on a worker that is ready and runs nothing else;
/// the books balance; nothing waits while somebody could take it; nobody is started where somebody is; nobody is killed
/// without a cause; news of the dead change nothing; the limits of restart_options hold; a half-open breaker lets no
/// more through than it may. What breaks is told in simulation::broken.
/// Threads: one. Throws: bad_config from the constructor, and what strategy and policy throw when they are copied.
template <selection_strategy Selection = select::round_robin, restart_policy Policy = restart_intensity>
class simulator final : private detail::task_owner {
 public:
  using make_policy = typename simulated_crew<Policy>::make_policy;

  explicit simulator(simulation_options options = {}, Selection selection = Selection()) requires
      std::constructible_from<Policy, restart_options, std::uint64_t>
      : simulator(options, std::move(selection),
                  [](const simulation_options& chosen, std::uint64_t seed) { return Policy(chosen.restart, seed); }) {}
  /// `make` gives each slot its policy.
  simulator(simulation_options options, Selection selection, const make_policy& make)
      : where_(options),
        breaker_(options.breaker, where_.clock),
        crew_(where_, make, [this](worker& me) { finish(me, outcome::worker_lost); }),
        rules_(queue_options{}, queue_, late_, std::move(selection)) {}
  simulator(const simulator&) = delete;
  simulator& operator=(const simulator&) = delete;
  ~simulator() {
    for (worker& one : crew_) {
      if (one.running != nullptr) one.running->drop_reference();
    }
    detail::inbox::list left;
    for (const priority lane : detail::lane_order(0, 0)) rules_.take_all(lane, left);
    for (const detail::dispatched& one : left) rules_.put_aside(one);
  }

  /// Lets all of it happen, once.
  simulation run() {
    const subscription heard = breaker_.on_transition([this](auto, auto to) {
      if (to == circuit_breaker::state::half_open) {
        ++half_open_;
        probes_ = 0;
      }
    });
    crew_.start_all();
    where_.book(where_.fate.around(options().gap), [this] { arrive(); });
    where_.book_every([] { return guard_turn; }, [this] { keep_guard(); });
    where_.book_every([this] { return where_.fate.around(options().faults.outage_every); }, [this] { break_down(); });
    where_.book(options().length, [this] { where_.fate.calm_down(); });  // else what is left might never end
    const time_point last = after(where_.closing_time(), 24 * options().operator_every);
    while (now() <= where_.closing_time() || where_.result.accepted != ended()) {
      if (now() > last) {
        broken("tasks are left that never end: " + std::to_string(where_.result.accepted - ended()));
        break;
      }
      where_.go_on();
      settle_down();
      check();
    }
    sum_up();
    return std::move(where_.result);
  }

 private:
  using worker = simulated_worker<Policy>;
  using queue = detail::default_queue;

  const simulation_options& options() const noexcept { return where_.options; }
  time_point now() const noexcept { return where_.now(); }
  void broken(const std::string& what) noexcept { where_.broken(what); }

  void break_down() {
    where_.fate.set_outage(true);
    where_.book(where_.fate.around(options().faults.outage), [this] { where_.fate.set_outage(false); });
  }

  // ── tasks ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  void arrive() {
    if (now() < where_.closing_time()) where_.book(where_.fate.around(options().gap), [this] { arrive(); });
    const task_id id = ++ids_;
    std::optional<circuit_breaker::permit> leave = breaker_.try_acquire();
    if (!leave) {
      ++where_.result.refused;
      return where_.note(happening::refused, {}, id);
    }
    auto* const one = new simulated_task(where_);
    one->leave = std::move(leave);
    if (breaker_.current() == circuit_breaker::state::half_open) {
      one->probe_of = half_open_;
      if (++probes_ > options().breaker.half_open_probes) {
        broken("the half-open breaker let " + std::to_string(probes_) + " calls through");
      }
    }
    constexpr priority others[] = {priority::critical, priority::high, priority::low};
    const priority lane = where_.fate.chance(options().urgent) ? others[where_.fate.below(3)] : priority::normal;
    one->describe_as(id, lane);
    one->set_posted();
    if (options().keys != 0) one->details().key = 1 + where_.fate.below(options().keys);
    one->accepted = now();
    one->accept_by(*this);
    ++where_.result.accepted;
    waiting_.emplace(id, one);
    where_.note(happening::accepted, {}, id);
    if (where_.fate.chance(options().withdrawn)) {
      const outcome how = where_.fate.chance(0.5) ? outcome::cancelled : outcome::expired;
      where_.book(where_.fate.around(options().work), [this, id, how] {
        const auto found = waiting_.find(id);
        if (found != waiting_.end()) found->second->withdraw(how);
      });
    }
    if (queue_.try_push(task_ref(one), lane) != push_status::accepted) broken("the queue refused a task");
  }

  // Of a task_owner.
  void withdrawn(detail::task& one, outcome how) noexcept override {
    queue_.forget(one.lane());
    waiting_.erase(one.id());
    where_.note(happening::withdrawn, {}, one.id(), how);
    end(static_cast<simulated_task&>(one), how);
  }
  void run_here(detail::task&) override {}
  bool wait_inside(detail::task&, time_point) override { return true; }
  bool lets_help() const noexcept override { return false; }
  void unobserved(task_id, const std::exception_ptr&) noexcept override {}
  void retain() noexcept override {}
  void release() noexcept override {}

  void begin(worker& me, detail::task& some) {
    auto& one = static_cast<simulated_task&>(some);
    if (!me.is_ready()) broken(one.describe() + " begins on " + me.name() + ", which is not ready");
    if (me.running != nullptr) broken(one.describe() + " begins on " + me.name() + ", which runs another one");
    if (++one.begins != 1) broken(one.describe() + " begins again");
    waiting_.erase(one.id());
    waits_.push_back(now() - one.accepted);
    ++where_.result.workers[me.id()].begun;
    me.running = &one;
    where_.note(happening::begins, me.life(), one.id());
    let_run(me, one.id());
  }

  // What becomes of a task that has begun.
  void let_run(worker& me, task_id id) {
    fate& chance = where_.fate;
    const fault_plan& faults = options().faults;
    const auto still = [&me, id, generation = me.generation] {
      return me.alive && me.generation == generation && me.running != nullptr && me.running->id() == id;
    };
    where_.book(options().timeout, [this, &me, still] {
      if (!still()) return;
      finish(me, outcome::timed_out);
      crew_.kill(me);
    });
    const duration work = chance.around(options().work) * (chance.chance(faults.slow) ? 10 : 1);
    if (me.deaf || chance.chance(faults.hangs)) return;
    if (chance.chance(faults.crashes)) {
      return where_.book(work, [this, &me, generation = me.generation] { crew_.leave(me, generation, true); });
    }
    const outcome how = chance.fails(faults.fails) ? outcome::failed : outcome::value;
    where_.book(work, [this, &me, still, how] {
      if (!still() || me.deaf) return;
      finish(me, how);
      if (me.slot.state() == detail::slot_state::stopping) crew_.leave(me, me.generation, false);
    });
  }

  void finish(worker& me, outcome how) {
    auto& one = static_cast<simulated_task&>(*std::exchange(me.running, nullptr));
    if (how == outcome::value) ++where_.result.workers[me.id()].completed;
    where_.note(happening::ends, me.life(), one.id(), how);
    one.finish(how);
    end(one, how);
    one.drop_reference();
  }

  void end(simulated_task& one, outcome how) noexcept {
    ++one.ends;
    ++where_.result.outcomes[static_cast<std::size_t>(how)];
    if (how == outcome::value) one.leave->success();
    if (how == outcome::failed || how == outcome::timed_out || how == outcome::worker_lost) one.leave->failure();
    if (one.probe_of == half_open_ && probes_ != 0) --probes_;
    one.leave.reset();
  }

  std::uint64_t ended() const noexcept {
    const auto& outcomes = where_.result.outcomes;
    return std::accumulate(outcomes.begin(), outcomes.end(), std::uint64_t{0});
  }

  // ── who runs what ─────────────────────────────────────────────────────────────────────────────────────────────────

  void settle_down() {
    look_at_workers();
    rules_.dispatch(nullptr, [](const worker&) {});
    for (worker& one : crew_) look(one);
  }

  void look(worker& me) {
    while (me.alive && me.running == nullptr) {
      rules_.look_again(me);
      look_at_workers();
      rules_.dispatch(&me, [](const worker&) {});
      const std::optional<detail::dispatched> mine = rules_.take(me, [this] { return now(); });
      if (!mine) return;
      if (detail::task* const one = rules_.claim(*mine)) begin(me, *one);
    }
  }

  void look_at_workers() {
    rules_.look([this](auto&& visit) {
      for (worker& one : crew_) visit(one);
    });
  }

  void keep_guard() {
    for (worker& me : crew_) {
      if (rules_.takes(me) && me.running == nullptr && rules_.find_overdue(me, now())) return look(me);
    }
  }

  // ── what has to hold ──────────────────────────────────────────────────────────────────────────────────────────────

  void check() {
    std::size_t running = 0;
    look_at_workers();
    for (worker& me : crew_) {
      if (me.running != nullptr) ++running;
      if (me.running != nullptr && !me.alive) broken(me.name() + " runs a task and is not there");
      const bool waits = queue_.has_elements() || rules_.anything_stranded();
      if (me.running == nullptr && rules_.takes(me) && waits) {
        broken("a task waits although " + me.name() + " could take it");
      }
    }
    if (where_.result.accepted == ended() + waiting_.size() + running) return;
    broken(std::to_string(where_.result.accepted) + " tasks were accepted, " + std::to_string(ended()) +
           " have ended, " + std::to_string(waiting_.size()) + " wait and " + std::to_string(running) + " run");
  }

  void sum_up() {
    where_.result.transitions = breaker_.stats().transitions;
    where_.result.strategy_faults = rules_.chooser().faults();
    if (waits_.empty()) return;
    std::sort(waits_.begin(), waits_.end());
    where_.result.median_wait = waits_[waits_.size() / 2];
    where_.result.p99_wait = waits_[waits_.size() * 99 / 100];
  }

  static constexpr duration guard_turn = std::chrono::seconds(5);

  stage where_;
  task_id ids_ = 0;
  std::unordered_map<task_id, simulated_task*> waiting_;
  std::vector<duration> waits_;
  std::uint64_t half_open_ = 0;  // how often the breaker has been
  unsigned probes_ = 0;          // on their way since it is
  circuit_breaker breaker_;
  simulated_crew<Policy> crew_;
  detail::intake_books books_;
  detail::late_tasks late_{books_};
  queue queue_;
  detail::dispatcher<queue, worker, Selection> rules_;
};

}}}  // namespace workpool::v0::testing
