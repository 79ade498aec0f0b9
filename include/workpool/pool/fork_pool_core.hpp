#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/every_nth.hpp>
#include <workpool/detail/posix/find_program.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/pool/admission.hpp>
#include <workpool/pool/bulk_intake.hpp>
#include <workpool/pool/completed_options.hpp>
#include <workpool/pool/crew_link.hpp>
#include <workpool/pool/delayed_tasks.hpp>
#include <workpool/pool/explanation.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/intake.hpp>
#include <workpool/pool/periodic_call.hpp>
#include <workpool/pool/process_chooser.hpp>
#include <workpool/pool/process_crew.hpp>
#include <workpool/pool/refusal.hpp>
#include <workpool/pool/remote_calls.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/pool/timekeeper.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/select/first_idle.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/worker/own_frames.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a pool of processes consists of, apart from its handle.
///
///     submit ─► intake_ ─► queue_ ─► crew_: a worker process ─► remote_end: settle, count
///                  └─► full: wait, or refuse
///
/// Threads: every member from any thread. References: one of the handle, one of the monitor, one of each guest.
template <task_queue Queue, selection_strategy Selection = select::first_idle>
class fork_pool_core final : public task_owner, private deadline_watch {
 public:
  static constexpr bool chooses = !std::same_as<Selection, select::first_idle>;
  static constexpr bool runs_elsewhere = true;

  explicit fork_pool_core(const fork_pool_options& options, [[maybe_unused]] Selection selection = Selection())
      : options_(checked_for(completed(options))),
        common_(common_options(options_)),
        queue_(options_.queue),
        ledger_(common_),
        clock_(*this, *this, options_.name),
        calls_(options_.max_message, ledger_, parts_of_a_bulk(options_)),
        crew_(*this, ledger_, options_, place_of(options_.on_start)),
        intake_(*this, common_, queue_, ledger_, clock_, crew_, false),
        bulks_(*this, common_, queue_, ledger_, intake_, crew_),
        delayed_(*this, ledger_, clock_, crew_, intake_.is_closed()),
        order_(make_order(std::move(selection))),
        link_(std::make_shared<crew_link>(*this, crew_)) {
    calls_.connect(link_, &crew_.buffers().memory());
  }

  /// Throws: unsafe_fork, spawn_failed.
  void spawn() { crew_.spawn(); }

  /// Throws: forked_child in a process that has inherited this pool by fork.
  void check_process() const {
    if (mark_.same()) return;
    raise(errc::forked_child,
          "pool '" + options_.name + "' belongs to the process that forked this one; make a pool of its own here");
  }

  // ── in: intake, bulk_intake, delayed_tasks ─────────────────────────────────────────────────────────────────────────

  /// Makes the tasks.
  remote_calls& calls() noexcept { return calls_; }

  static constexpr bool keep(task&) noexcept { return false; }

  errc admit(task_ref& one, submit_kind kind) {
    if (const errc refused = refusal_of(*one.get()); refused != errc()) return refused;
    const errc refused = intake_.admit(one, kind);
    tell_if_broken();
    return refused;
  }
  void admit_or_throw(task_ref& one) {
    const errc refused = admit(one, submit_kind::may_block);
    if (refused != errc()) refuse(refused, common_);
  }
  void admit_bulk(bulk_task& all, const task_options& options) {
    const errc refused = broken_.load()             ? errc::pool_broken
                         : crew_.holds(options.key) ? errc::task_quarantined
                                                    : errc();
    if (refused == errc()) {
      bulks_.admit(all, options);
      return tell_if_broken();
    }
    ledger_.intake().reject(all.calls_from(0));
    all.accept_by(*this);
    all.start();
    all.break_off(0, nullptr);
    all.submitted();
    refuse(refused, common_);
  }
  void admit_later_or_throw(task_ref& one, time_point when) {
    errc refused = refusal_of(*one.get());
    if (refused == errc()) refused = delayed_.admit(one, when);
    if (refused != errc()) refuse(refused, common_);
    tell_if_broken();
  }

  void post_turn(typename periodic_call<fork_pool_core>::body turn) noexcept {
    try {
      task* const made = periodic_call<fork_pool_core>::body::as_task(std::move(turn));
      task_ref one(made);
      made->describe_as(next_task_number(), priority::normal);
      made->set_posted();
      admit(one, submit_kind::must_not_block);  // no room: a turn that is skipped
    } catch (...) {
      ledger_.callback_failed();
    }
  }
  void book(time_point when, std::unique_ptr<appointment> what) {
    if (closed()) refuse(errc::pool_stopped, common_);
    clock_.enter(clock_.book(when, std::move(what)));
  }
  bool closed() const noexcept { return intake_.closed(); }

  // ── out: what the crew asks ───────────────────────────────────────────────────────────────────────────────────────

  /// Gives: the next task, started, with a reference; nullptr when there is none.
  task* next_task() noexcept {
    const bool others_first = delayed_.late().any() && every_61st_(late_picks_.fetch_add(1, std::memory_order_relaxed));
    if (others_first) {
      if (task* const next = pop()) return next;
    }
    if (delayed_.late().any()) {
      if (task* const next = delayed_.late().pull(queue_.sizes())) return next;
    }
    return pop();
  }
  /// Whether tasks may be taken out of the queue before they start. Those of one that has a capacity keep their places
  /// until then.
  static constexpr bool hands_out = !chooses && handing_task_queue<Queue>;
  bool may_hand_out() const noexcept { return options_.queue.capacity == 0 && !options_.queue.fifo; }
  /// Gives: the next task, with a reference; handed out where `fits(task)` says so, else as it waits, but in no queue
  /// any more. nullptr when there is none.
  template <class Fits>
  task* hand_out_next(Fits fits) noexcept requires hands_out {
    if (delayed_.late().any()) return nullptr;  // they come first, to who is idle
    for (;;) {
      std::pair<void*, priority> found{};
      const auto keep = [&found](void* const* first, std::size_t, priority lane) { found = {*first, lane}; };
      const unsigned pick = handed_out_.fetch_add(1, std::memory_order_relaxed);
      if (queue_.take_out(pick, pick, 1, 1, keep) == 0) return nullptr;
      const auto hand_out = [](task_ref& one) { return one.get()->hand_out(); };
      std::optional<task_ref> next = queue_.claim(found.first, found.second, hand_out);
      if (!next) continue;
      task* const one = next->release();
      one->set_in_hand(true);
      if (!fits(*one)) one->hand_back();
      return one;
    }
  }
  /// Whether tasks wait that are late, and the lane of the most urgent of them.
  bool has_late() const noexcept { return delayed_.late().any(); }
  std::optional<priority> most_urgent_late() const noexcept { return delayed_.late().most_urgent_lane(); }
  auto queue_sizes() const noexcept { return queue_.sizes(); }
  bool work_in_sight() const noexcept { return queue_.size() != 0 || delayed_.late().any() || order_.any(); }

  /// The same where a strategy decides. Threads: as process_chooser.
  auto choose(process_staff& workers) requires(chooses) { return order_.choose(workers, steady::now()); }
  task* claim(const dispatched& what) requires(chooses) { return order_.claim(what); }
  std::optional<std::string> strategy_news() noexcept requires(chooses) { return order_.news(steady::now()); }
  time_point next_look(time_point now) const noexcept requires(chooses) { return order_.next_look(now); }
  template <class F>
  void with_selection(F&& use) requires(chooses) {
    crew_.with_lock([&] { order_.with_selection(std::forward<F>(use)); });
  }

  void all_workers_failed() noexcept {
    broken_.store(true, std::memory_order_seq_cst);
    withdraw_all(outcome::pool_broken);
  }
  /// Nothing runs, and nothing will.
  void end_of_crew() noexcept {
    withdraw_all(outcome::discarded);  // what was on its way into the queue when that was emptied
    link_->cut();
  }
  /// What came in while the pool broke is told so: either who breaks it finds the task, or we see that it is broken.
  void tell_if_broken() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (broken_.load(std::memory_order_relaxed)) [[unlikely]]
      withdraw_all(outcome::pool_broken);
  }
  void workers_are_back() noexcept { broken_.store(false, std::memory_order_seq_cst); }

  // ── control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  void pause() noexcept { crew_.pause(); }
  void resume() noexcept { crew_.resume(); }
  bool paused() const noexcept { return crew_.paused(); }
  void resize(worker_range range) { crew_.resize(completed(range)); }
  void restart(worker_id id) { crew_.restart(id); }
  void reload() { crew_.reload(); }

  /// Withdraws what waits in a lane. Gives: how many. Blocks: for what is just being sent.
  std::size_t purge(priority lane, outcome result) {
    const std::size_t count = withdraw(lane, result);
    return crew_.await_senders() ? count + withdraw(lane, result) : count;
  }
  std::size_t purge_all(outcome result) {
    const std::size_t count = withdraw_all(result);
    return crew_.await_senders() ? count + withdraw_all(result) : count;
  }
  /// The same, but for what is just being sent.
  std::size_t withdraw(priority lane, outcome result) {
    std::size_t count = 0;
    queue_.purge(lane, [&](task_ref&& one) {
      const task_ref waiting = std::move(one);
      const auto calls = static_cast<std::size_t>(waiting.get()->calls());
      if (waiting.get()->withdraw(result)) count += calls;
    });
    count += delayed_.withdraw(lane, result);  // before what was dispatched, for what is late is dispatched, too
    if constexpr (chooses) {
      for (const dispatched& one : crew_.with_lock([&] { return order_.take_all(lane); })) {
        const task_ref waiting = order_.put_aside(one);
        if (waiting.get()->withdraw(result)) ++count;
      }
    }
    return count + crew_.take_back(lane, result);
  }
  std::size_t withdraw_all(outcome result) {
    std::size_t count = 0;
    for (const priority lane : lane_order(0, 0)) count += withdraw(lane, result);
    return count;
  }

  bool wait_idle(time_point deadline) {
    if (works_for(*this)) {
      raise(errc::would_deadlock, "wait_idle of pool '" + options_.name +
                                      "' was called by one of its own handlers, for which the pool waits");
    }
    return ledger_.await([this] { return ledger_.balanced(); }, deadline);
  }

  shutdown_report shutdown(const shutdown_options& options) {
    const time_point begin = steady::now();
    const time_point deadline = after(begin, checked(options).drain);
    const book_sums before = ledger_.sums();
    bool forced = false;
    const bool discards = options.pending == pending::discard || options.drain == duration::zero();
    close(discards);
    if (discards && crew_.await_senders(deadline)) discard_all();
    if (!works_for(*this)) {
      const auto settled = [this] { return ledger_.balanced(); };
      if (!ledger_.await(settled, deadline)) forced = cut_short(deadline, options.force);
      crew_.stop_workers(after(after(after(steady::now(), options_.abort_grace), options_.kill_timeout), grace));
    }
    const book_sums now = ledger_.sums();
    shutdown_report report;
    report.completed = now.of(outcome::value) - before.of(outcome::value);
    report.discarded = now.of(outcome::discarded) - before.of(outcome::discarded);
    report.worker_lost = now.of(outcome::worker_lost) - before.of(outcome::worker_lost);
    report.abandoned = 0;
    report.forced = forced;
    report.took = steady::now() - begin;
    return report;
  }

  /// What the handle's destructor does. Called by one of the pool's own threads, it leaves the rest to the monitor.
  void end_of_handle() noexcept {
    if (!mark_.same()) return;  // of a fork nothing can be ended here: threads, locks and workers are the parent's
    close(false);
    if (works_for(*this)) {
      crew_.let_go();
      clock_.dismiss();
    } else {
      ledger_.await([this] { return ledger_.balanced(); });
      crew_.end();
      clock_.end();
    }
    release();
  }

  shared_buffer make_buffer(std::size_t bytes) { return crew_.buffers().make(bytes); }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  pool_stats stats() const {
    pool_stats now;
    now.pool = options_.name;
    ledger_.write_to(now);
    crew_.write_to(now);
    if constexpr (chooses) now.strategy_faults = order_.faults();
    return now;
  }
  std::vector<worker_info> workers() const { return crew_.list(); }
  std::string explain(const task& one) const {
    if (!one.belongs_to(*this)) return one.describe() + " does not belong to pool '" + options_.name + "'";
    const pool_stats now = stats();
    return detail::explain(one, {now, paused(), closed(), crew_.range()});
  }
  event_hub& hub() noexcept { return ledger_.hub(); }

  // ── task_owner ────────────────────────────────────────────────────────────────────────────────────────────────────

  void withdrawn(task& one, outcome result) noexcept override {
    const bool was_delayed = one.end_delay();
    if (was_delayed) ledger_.intake().end_delay(one.lane());
    if constexpr (forgetting_task_queue<Queue>) {
      if (!one.outside_queue()) queue_.forget(one.lane());
    }
    ledger_.withdrawn(one, result);
    if (was_delayed) delayed_.one_less();
    if (one.plan() != nullptr) expect_no_more();
  }

  void expect_attempts() noexcept override { delayed_.expect(); }
  void expect_no_more() noexcept override { delayed_.one_less(); }
  bool put_back(task& one, outcome how, time_point when) noexcept override { return delayed_.put_back(one, how, when); }

  /// Never: no task of this pool runs in this process.
  void run_here(task&) override {}
  bool lets_help() const noexcept override { return false; }

  /// A handler of the pool waits, on a thread that settles tasks.
  bool wait_inside(task& one, time_point deadline) override {
    if (one.wait_briefly()) return true;
    if (one.belongs_to(*this) && deadline == time_point::max()) {
      raise(errc::would_deadlock, "a handler of pool '" + options_.name + "' waits for " + one.describe() +
                                      " of the same pool, on the thread that would settle it: wait elsewhere, or with "
                                      "a limit");
    }
    return one.sleep_until(deadline);
  }

  void unobserved(task_id id, const std::exception_ptr& error) noexcept override {
    ledger_.hub().emit(event::unobserved_error{id, error});
  }
  void retain() noexcept override { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept override {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  using crew = process_crew<fork_pool_core>;
  static constexpr duration grace = std::chrono::seconds(1);  // of a shutdown beyond its drain and the kill graces

  using order = std::conditional_t<chooses, process_chooser<Queue, Selection>, no_process_chooser>;

  ~fork_pool_core() = default;

  order make_order([[maybe_unused]] Selection selection) {
    if constexpr (chooses) {
      return {options_.queue, queue_, delayed_.late(), std::move(selection)};
    } else {
      return {};
    }
  }

  // How many tasks a bulk is at most; 0: as many as calls. Fewer where nothing is decided, or counted, call by call.
  static std::size_t parts_of_a_bulk(const fork_pool_options& options) noexcept {
    constexpr std::size_t parts_of_a_worker = 32;  // the last ones end at about the same time
    const bool one_by_one = chooses || options.queue.capacity != 0 || options.max_tasks != 0;
    return one_by_one ? 0 : parts_of_a_worker * options.workers.max;
  }

  // Once, so that neither PATH nor the working directory matters later. Throws: spawn_failed.
  static std::string program_of(const fork_pool_options& options) {
    const found_program found = find_program(options.program.front());
    if (found.error == 0) return found.path;
    throw spawn_failed("the workers of pool '" + options.name + "' cannot be started: program[0] is '" +
                       options.program.front() + "': " + std::generic_category().message(found.error) +
                       " (a name without a slash is looked up in PATH)");
  }

  static fork_pool_options checked_for(fork_pool_options options) {
    if constexpr (chooses) check_dropping(options.queue);
    if (!options.program.empty()) options.program.front() = program_of(options);
    return options;
  }

  std::optional<located_code> place_of(void (*function)(worker_id)) {
    if (function == nullptr) return std::nullopt;
    return calls_.locate(code_address(function));
  }

  errc refusal_of(const task& one) noexcept {
    const errc refused = broken_.load(std::memory_order_relaxed) ? errc::pool_broken
                         : crew_.holds(one.key())                ? errc::task_quarantined
                                                                 : errc();
    if (refused != errc()) ledger_.intake().reject();
    return refused;
  }

  task* pop() noexcept {
    for (;;) {
      std::optional<task_ref> next = queue_.try_pop();
      if (!next) return nullptr;
      if (next->waiting() && !next->take()) continue;
      return next->release();
    }
  }

  void close(bool discard) noexcept {
    intake_.close();
    if (discard) discard_all();
    crew_.finish();
  }
  void discard_all() noexcept {
    delayed_.discard();
    withdraw_all(outcome::discarded);
  }

  // The drain is over: what waits is discarded and, with `force`, what runs is cancelled. Gives: whether anything was.
  bool cut_short(time_point deadline, bool force) {
    const std::uint64_t before = ledger_.sums().of(outcome::cancelled);
    discard_all();
    if (!force) return false;
    crew_.cancel_running();
    const time_point until = after(after(deadline, options_.abort_grace), grace);
    ledger_.await(
        [this] {
          discard_all();  // a task may just be on its way from the queue to its worker, or come back from there
          crew_.cancel_running();
          return ledger_.balanced();
        },
        until);
    return ledger_.sums().of(outcome::cancelled) != before;
  }

  time_point look(time_point) noexcept override { return time_point::max(); }
  bool over() const noexcept override { return ledger_.balanced(); }

  const fork_pool_options options_;
  const pool_options common_;
  const process_mark mark_ = process_mark::current();
  Queue queue_;
  task_ledger ledger_;
  timekeeper clock_;
  remote_calls calls_;
  crew crew_;
  intake<Queue, crew, task_ledger> intake_;
  bulk_intake<Queue, crew, task_ledger> bulks_;
  delayed_tasks<crew> delayed_;
  order order_;
  const std::shared_ptr<crew_link> link_;
  static constexpr every_nth every_61st_{61};
  std::atomic<unsigned> late_picks_{0}, handed_out_{0};
  std::atomic<bool> broken_{false};
  std::atomic<std::size_t> references_{1};
};

}}}  // namespace workpool::v0::detail
