#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/call_task.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/stack_room.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/pool/admission.hpp>
#include <workpool/pool/bulk_intake.hpp>
#include <workpool/pool/completed_options.hpp>
#include <workpool/pool/delayed_tasks.hpp>
#include <workpool/pool/explanation.hpp>
#include <workpool/pool/fork_desk.hpp>
#include <workpool/pool/intake.hpp>
#include <workpool/pool/local_calls.hpp>
#include <workpool/pool/periodic_call.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/pull_order.hpp>
#include <workpool/pool/purge_desk.hpp>
#include <workpool/pool/refusal.hpp>
#include <workpool/pool/selection_desk.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/pool/thread_crew.hpp>
#include <workpool/pool/timekeeper.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/select/first_idle.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/worker/absence.hpp>
#include <workpool/worker/fork_job.hpp>
#include <workpool/worker/own_frames.hpp>
#include <workpool/worker/this_worker.hpp>
#include <workpool/worker/wait_graph.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a thread pool consists of, apart from its handle, which it outlives while a worker or a guest is inside.
///
///     submit ─► intake_ ─► queue_ ─► order_ ─► crew_: workers pull ─► runner_: run, settle, count
///                  └─► full: wait, refuse, or run it here
///
/// The order is a pull_order; with a strategy other than first_idle a selection_desk.
/// Each of them is a header; what is here is what they share, how the pool ends, and what a task asks of its owner.
/// Threads: every member from any thread. References: one of the handle, one of each worker thread, one of each guest.
template <task_queue Queue, selection_strategy Selection = select::first_idle>
class thread_pool_core final : public task_owner, private deadline_watch {
 public:
  static constexpr bool chooses = !std::same_as<Selection, select::first_idle>;
  static constexpr bool runs_elsewhere = false;

  explicit thread_pool_core(const pool_options& options, Selection selection = Selection())
      : options_(checked_for(completed(options))),
        queue_(options.queue),
        runner_(options_),
        clock_(*this, *this, options_.name),
        crew_(*this, runner_, options_),
        intake_(*this, options_, queue_, runner_, clock_, crew_, !chooses),
        bulks_(*this, options_, queue_, runner_, intake_, crew_),
        delayed_(*this, runner_, clock_, crew_, intake_.is_closed()),
        forks_(*this, runner_, crew_),
        order_(make_order(std::move(selection))),
        purges_(queue_, order_, delayed_) {
    runner_.report_to(clock_, crew_);
  }

  /// Throws: spawn_failed.
  void spawn() { crew_.spawn(); }

  /// Throws: forked_child in a process that has inherited this pool by fork.
  void check_process() const {
    if (mark_.same()) return;
    raise(errc::forked_child,
          "pool '" + options_.name + "' belongs to the process that forked this one; make a pool of its own here");
  }

  // ── in: intake, bulk_intake, delayed_tasks ─────────────────────────────────────────────────────────────────────────

  /// Makes the tasks.
  static constexpr local_calls calls() noexcept { return {}; }
  bool keep(task& one) { return intake_.keep(one); }
  errc admit(task_ref& one, submit_kind kind) { return intake_.admit(one, kind); }
  void admit_or_throw(task_ref& one) { intake_.admit_or_throw(one); }
  void admit_bulk(bulk_task& all, const task_options& options) { bulks_.admit(all, options); }

  /// Accepts a task that is to be run from `when` on. Throws: std::bad_alloc, spawn_failed, pool_stopped.
  void admit_later_or_throw(task_ref& one, time_point when) {
    const errc refused = delayed_.admit(one, when);
    if (refused != errc()) refuse(refused, options_);
  }

  /// Books something that is not a task. Throws: std::bad_alloc, spawn_failed, pool_stopped.
  void post_turn(typename periodic_call<thread_pool_core>::body turn) noexcept {
    try {
      task* const made = periodic_call<thread_pool_core>::body::as_task(std::move(turn));
      task_ref one(made);
      made->describe_as(next_task_number(), priority::normal);
      made->set_posted();
      admit(one, submit_kind::must_not_block);  // no room: a turn that is skipped
    } catch (...) {
      runner_.callback_failed();
    }
  }

  void book(time_point when, std::unique_ptr<appointment> what) {
    if (closed()) refuse(errc::pool_stopped, options_);
    clock_.enter(clock_.book(when, std::move(what)));
  }
  bool closed() const noexcept { return intake_.closed(); }

  // ── forks: fork_desk ───────────────────────────────────────────────────────────────────────────────────────────────

  thread_worker* forker() const noexcept { return forks_.forker(); }
  bool fork(thread_worker& me, fork_job& part) noexcept { return forks_.fork(me, part); }
  static bool take_back(thread_worker& me) noexcept { return forks::take_back(me); }
  void join(thread_worker& me, fork_job& part) { forks_.join(me, part); }
  void sleep(thread_worker& me, fork_job& part) noexcept { forks_.sleep(me, part); }

  // ── out: pull_order ────────────────────────────────────────────────────────────────────────────────────────────────

  task* pull(thread_worker& me) { return order_.pull(me); }
  bool work_in_sight() const noexcept { return order_.work_in_sight(); }
  bool work_published() const noexcept { return order_.work_published(); }
  bool work_for(thread_worker& me) noexcept { return order_.work_for(me); }
  bool work_published_for(thread_worker& me) noexcept { return order_.work_published_for(me); }
  bool overdue(thread_worker& me) noexcept { return order_.overdue(me); }
  void dispatch() noexcept requires(chooses) { order_.dispatch(); }
  void dispatch_new() noexcept requires(chooses) { order_.dispatch_new(); }
  template <class F>
  void with_selection(F&& use) requires(chooses) {
    order_.with_selection(std::forward<F>(use));
  }
  /// Whether a task that was accepted will still enter the queue, or may come back.
  bool more_to_come() const noexcept { return delayed_.any(); }

  // ── control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  void pause() noexcept { crew_.pause(); }
  void resume() noexcept {
    crew_.resume();
    runner_.notify();  // a worker may wait for a task that it could not run while the pool was paused
  }
  void resize(worker_range range) { crew_.resize(completed(range)); }
  bool paused() const noexcept { return crew_.paused(); }

  /// Withdraws what waits in a lane. Gives: how many.
  std::size_t purge(priority lane, outcome result) { return purges_.purge(lane, result); }
  std::size_t purge_all(outcome result) { return purges_.purge_all(result); }

  bool wait_idle(time_point deadline) {
    if (works_for(*this)) {
      raise(errc::would_deadlock, "wait_idle of pool '" + options_.name +
                                      "' was called by one of its own tasks, which keeps the pool from being idle");
    }
    return runner_.await([this] { return runner_.quiet(); }, deadline);
  }

  shutdown_report shutdown(const shutdown_options& options) {
    const time_point begin = steady::now();
    const time_point deadline = after(begin, checked(options).drain);
    const book_sums before = runner_.sums();
    const std::uint64_t abandoned_before = runner_.abandoned();
    close(options.pending == pending::discard || options.drain == duration::zero());
    if (!works_for(*this)) {
      const auto settled = [this] { return runner_.balanced(); };
      if (!runner_.await(settled, deadline)) cut_short(deadline, options.force);
      crew_.collect(settled() ? after(deadline, grace) : steady::now());
    }
    const book_sums now = runner_.sums();
    shutdown_report report;
    report.completed = now.of(outcome::value) - before.of(outcome::value);
    report.discarded = now.of(outcome::discarded) - before.of(outcome::discarded);
    report.worker_lost = now.of(outcome::worker_lost) - before.of(outcome::worker_lost);
    report.abandoned = runner_.abandoned() - abandoned_before;
    report.forced = report.abandoned != 0;
    report.took = steady::now() - begin;
    return report;
  }

  /// What the handle's destructor does. Called by one of the pool's own threads, it leaves the rest to the workers.
  void end_of_handle() noexcept {
    if (!mark_.same()) return;  // of a fork nothing can be ended here: its threads and locks are the parent's
    close(false);
    if (works_for(*this)) {
      crew_.let_go();
      clock_.dismiss();
    } else {
      runner_.await([this] { return runner_.balanced(); });
      crew_.collect(time_point::max());
      crew_.let_go();  // who is lost in an abandoned body, and replaced, has nobody to join the successor
      clock_.end();
    }
    release();
  }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  pool_stats stats() const {
    pool_stats now;
    now.pool = options_.name;
    runner_.write_to(now);
    crew_.write_to(now);
    if constexpr (chooses) order_.write_to(now);
    return now;
  }

  std::vector<worker_info> workers() const { return crew_.list(); }

  std::string explain(const task& one) const {
    if (!one.belongs_to(*this)) return one.describe() + " does not belong to pool '" + options_.name + "'";
    const pool_stats now = stats();
    return detail::explain(one, {now, paused(), closed(), crew_.range()});
  }
  event_hub& hub() noexcept { return runner_.hub(); }

  // ── task_owner ────────────────────────────────────────────────────────────────────────────────────────────────────

  void withdrawn(task& one, outcome result) noexcept override {
    const bool was_delayed = one.end_delay();
    if (was_delayed) runner_.intake().end_delay(one.lane());
    forget(one);
    runner_.withdrawn(one, result);
    if (was_delayed) delayed_.one_less();
    if (one.plan() != nullptr) expect_no_more();
  }

  void expect_attempts() noexcept override { delayed_.expect(); }
  void expect_no_more() noexcept override { delayed_.one_less(); }
  bool put_back(task& one, outcome how, time_point when) noexcept override { return delayed_.put_back(one, how, when); }

  void run_here(task& one) override {
    const worker_id nested_in = own_worker(*this);
    const guest_visit visit(*this);
    forget(one);
    one.add_reference();
    runner_.run_as_guest(one, nested_in);
  }

  bool wait_inside(task& one, time_point deadline) override {
    const bool own = one.belongs_to(*this);
    for (const run_frame* frame = own ? nullptr : innermost_run; frame != nullptr; frame = frame->beneath) {
      // A task of its pool lies on this stack, beneath one of ours: that pool needs its worker, and knows what to do.
      if (frame->running->owner() == one.owner()) return one.owner()->wait_inside(one, deadline);
    }
    const bool has_room = own && !stack_nearly_used();
    for (;;) {  // once for each attempt that this thread could run
      if (own) {
        const auto may_run = [&] { return !one.may_start() || !crew_.paused(); };
        if (!may_run() && !runner_.await(may_run, deadline)) return one.settled();
        if (lets_help()) one.help();
      }
      if (one.wait_briefly()) return true;
      if (has_room && one.may_start()) continue;
      std::optional<wait_graph::waiting> noted;
      if (deadline == time_point::max()) noted.emplace(all_waits(), innermost_run, one);
      const absence away(crew_, own_worker(*this));  // of another pool's task, too: it may wait for one of ours
      if (own && one.may_start() && deadline == time_point::max() && !crew_.anyone_free()) {
        if (has_room) continue;
        raise(errc::would_deadlock, one.describe() + " can be run by nobody: every worker of pool '" + options_.name +
                                        "' waits, and the stack of this one is used up; raise max_overrun, or nest "
                                        "less");
      }
      if (!has_room) return one.sleep_until(deadline);
      if (!one.sleep_until_due(deadline) || one.settled()) return one.settled();
    }
  }

  bool lets_help() const noexcept override { return forks_.may_nest(); }

  void unobserved(task_id id, const std::exception_ptr& error) noexcept override {
    runner_.hub().emit(event::unobserved_error{id, error});
  }

  void retain() noexcept override { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept override {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  using crew = thread_crew<thread_pool_core>;
  using forks = fork_desk<crew>;
  using order = std::conditional_t<chooses, selection_desk<Queue, crew, Selection>, pull_order<Queue, crew>>;

  order make_order([[maybe_unused]] Selection selection) {
    if constexpr (chooses) {
      return {options_.queue, queue_, crew_, delayed_.late(), forks_, runner_.hub(), std::move(selection)};
    } else {
      return {queue_, crew_, delayed_.late(), forks_};
    }
  }

  static constexpr duration grace = std::chrono::seconds(1);  // of a shutdown beyond its drain, by contract

  ~thread_pool_core() = default;

  static pool_options checked_for(pool_options options) {
    if constexpr (chooses) check_dropping(options.queue);
    return options;
  }

  // A waiting task leaves the queue without having been popped.
  void forget(const task& one) noexcept {
    if constexpr (forgetting_task_queue<Queue>) {
      if (!one.outside_queue()) queue_.forget(one.lane());
    }
  }

  time_point look(time_point now) noexcept override {
    return std::min(crew_.time_out(now), runner_.time_out_guests(now));
  }
  bool over() const noexcept override { return runner_.quiet(); }

  /// Refuses new tasks, then lets the workers run out of work. `discard`: what waits is discarded before they can.
  void close(bool discard) noexcept {
    intake_.close();
    if (discard) purges_.discard_all();
    crew_.finish();
    runner_.notify();  // as in resume()
  }

  /// The drain is over: what waits is discarded and, with `force`, what runs is abandoned.
  void cut_short(time_point deadline, bool force) {
    do {
      purges_.discard_all();
      if (!force) return;
      crew_.abandon_running();
      runner_.abandon_guests();
      // A task may just be on its way from the queue to its worker, or from its worker into the books.
    } while (!runner_.await([this] { return runner_.balanced(); }, steady::now() + std::chrono::milliseconds(1)) &&
             steady::now() < after(deadline, grace));
  }

  const pool_options options_;
  const process_mark mark_ = process_mark::current();
  Queue queue_;
  task_runner runner_;
  timekeeper clock_;
  crew crew_;
  intake<Queue, crew> intake_;
  bulk_intake<Queue, crew> bulks_;
  delayed_tasks<crew> delayed_;
  forks forks_;
  order order_;
  purge_desk<Queue, crew, order> purges_;
  std::atomic<std::size_t> references_{1};
};

}}}  // namespace workpool::v0::detail
