#pragma once
#include <concepts>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/call_task.hpp>
#include <workpool/core/future.hpp>
#include <workpool/core/null_callable.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/subscription.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/admission.hpp>
#include <workpool/pool/misplaced_options.hpp>
#include <workpool/pool/periodic_call.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/task_options.hpp>

namespace workpool { inline namespace v0 {

/// Asks submit for a std::future.
struct use_std_future_t {
  enum class from { itself };
  explicit constexpr use_std_future_t(from) noexcept {}  // and not from {}, which is options
};
inline constexpr use_std_future_t use_std_future{use_std_future_t::from::itself};

namespace detail {

struct pool_access;

/// What every kind of pool can do, said once: the members that thread pools and fork pools share. A Core is what the
/// pool consists of; its calls() make the tasks, which is where the kinds differ.
template <class Core>
class pool_surface : misplaced_options {
 public:
  pool_surface(const pool_surface&) = delete;
  pool_surface& operator=(const pool_surface&) = delete;
  /// Resumes a paused pool and drains it without limit; from one of the pool's own tasks it only begins that.
  ~pool_surface() { core_->end_of_handle(); }

  /// Whether tasks run in another process, where nothing of this one's memory is seen.
  static constexpr bool runs_elsewhere = Core::runs_elsewhere;

  using misplaced_options::post;
  using misplaced_options::submit;
  using misplaced_options::submit_bulk;
  using misplaced_options::try_submit;

  /// Runs `callable(arguments...)` on a worker, with copies made now; a callable that needs a std::stop_token first
  /// gets one. With .retry every attempt gets copies of those, and the callable is called in place, as const; one that
  /// changes itself is copied where that is trivial. Throws: queue_full, enqueue_timeout, circuit_open or pool_stopped,
  /// and then the callable never runs; what copying it throws; null_callable, a std::bad_function_call.
  template <class F, class... A>
  requires submittable<F, A...>
  auto submit(F&& callable, A&&... arguments) -> future<result_t<F, A...>> {
    return admitted(make_plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...));
  }
  template <class F, class... A>
  requires submittable<F, A...>
  auto submit(const task_options& options, F&& callable, A&&... arguments) -> future<result_t<F, A...>> {
    return admitted(make(options, std::forward<F>(callable), std::forward<A>(arguments)...));
  }
  template <class F, class... A>
  requires submittable<F, A...>
  auto submit(use_std_future_t, F&& callable, A&&... arguments) -> std::future<result_t<F, A...>> {
    core_->check_process();
    check_callable(callable);
    auto made = core_->calls().template promised<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
    task_ref one(made.first);
    auto result = std::move(made.second);  // goes first where the task is refused: a broken promise would need memory
    made.first->describe_as(next_task_number(), priority::normal);
    core_->admit_or_throw(one);
    return result;
  }

  /// As submit, but never waits and never runs a task: a full queue is queue_full, a pool that ends is pool_stopped.
  template <class F, class... A>
  requires submittable<F, A...>
  auto try_submit(F&& callable, A&&... arguments) -> submit_result<result_t<F, A...>> {
    return tried(make_plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...));
  }
  template <class F, class... A>
  requires submittable<F, A...>
  auto try_submit(const task_options& options, F&& callable, A&&... arguments) -> submit_result<result_t<F, A...>> {
    return tried(make(options, std::forward<F>(callable), std::forward<A>(arguments)...));
  }

  /// As submit, without a future. What the callable returns is dropped, what it throws goes to on_uncaught.
  template <class F, class... A>
  requires submittable<F, A...>
  void post(F&& callable, A&&... arguments) {
    admit_posted(make_plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...));
  }
  template <class F, class... A>
  requires submittable<F, A...>
  void post(const task_options& options, F&& callable, A&&... arguments) {
    admit_posted(make(options, std::forward<F>(callable), std::forward<A>(arguments)...));
  }

  /// Calls callable(i) for every 0 ≤ i < n, each as a task of its own, with one future for all of them: it is settled
  /// when every body has returned. The first error cancels the calls that have not started, and is what get() throws.
  /// The callable is copied once and called by several threads at a time; one that needs a std::stop_token first gets
  /// one. Throws: as submit; the breaker lets in all of them or none. Under on_full::reject all or nothing is accepted,
  /// otherwise the calls enter as there is room; a refusal of later ones is told by the future. Memory: one allocation.
  template <bulk_callable F>
  auto submit_bulk(std::size_t n, F&& callable) -> future<void> {
    return submit_bulk(task_options{}, n, std::forward<F>(callable));
  }
  template <bulk_callable F>
  auto submit_bulk(const task_options& options, std::size_t n, F&& callable) -> future<void> {
    core_->check_process();
    checked(options);
    check_callable(callable, options.name);
    bulk_task* const made = core_->calls().bulk(options, n, std::forward<F>(callable));
    made->describe_as(next_task_number(), options.priority);
    future<void> result(made);
    core_->admit_bulk(*made, options);
    return result;
  }

  /// Posts the callable when `delay` has passed. It is accepted now and so belongs to what a shutdown waits for, and to
  /// what purge takes; until its time it takes no place in the queue. Throws: as post, but it never blocks.
  template <class F, class... A>
  requires submittable<F, A...>
  void post_after(duration delay, F&& callable, A&&... arguments) {
    auto* const made = make_plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
    task_ref one(made);
    made->set_posted();
    core_->admit_later_or_throw(one, after(steady::now(), delay));
  }

  /// Posts the callable every `interval`, counted from now, until the subscription is cancelled or a shutdown begins.
  /// Turns do not drift; one that is late, because the turn before it has not ended or the queue is full, is skipped.
  /// What the callable throws goes to on_uncaught, and the next turn comes. Throws: bad_config, pool_stopped,
  /// spawn_failed.
  template <std::invocable F>
  subscription post_every(duration interval, F&& callable) {
    core_->check_process();
    check_callable(callable);
    const auto made = core_->calls().series(*core_, checked_interval(interval), std::forward<F>(callable));
    made->book_next();
    return subscription(made);
  }

  /// From its return on no worker starts a task, until resume(). What runs goes on.
  void pause() {
    core_->check_process();
    core_->pause();
  }
  void resume() {
    core_->check_process();
    core_->resume();
  }
  bool paused() const noexcept { return core_->paused(); }

  /// Sets how many workers there are, also under load; those that are too many leave after their task.
  /// Throws: bad_config. A lack of threads is told by event::worker_failed, and tried again.
  void resize(worker_range workers) {
    core_->check_process();
    core_->resize(workers);
  }

  /// Cancels everything that waits. Gives: how many. Blocks: over processes, until what is just being sent is there.
  std::size_t purge() {
    core_->check_process();
    return core_->purge_all(outcome::cancelled);
  }
  std::size_t purge(priority lane) {
    core_->check_process();
    return core_->purge(checked(task_options{.priority = lane}).priority, outcome::cancelled);
  }

  /// Blocks until nothing waits and nothing runs; on a paused pool with waiting tasks, until it is resumed.
  /// Throws: would_deadlock when called by one of the pool's own tasks.
  void wait_idle() const { wait_idle_for(duration::max()); }
  /// Gives: false when `limit` passed first.
  bool wait_idle_for(duration limit) const {
    core_->check_process();
    return core_->wait_idle(after(steady::now(), limit));
  }

  /// Refuses new tasks, waits at most `drain` for the accepted ones, discards what waits then and, with `force`,
  /// settles what runs as cancelled and abandons its thread. Idempotent; several threads may call it; from one of the
  /// pool's own tasks it begins the shutdown and returns. Blocks: at most `drain` + 1 s.
  shutdown_report shutdown(shutdown_options options = {}) {
    core_->check_process();
    return core_->shutdown(options);
  }

  pool_stats stats() const {
    core_->check_process();
    return core_->stats();
  }
  std::vector<worker_info> workers() const {
    core_->check_process();
    return core_->workers();
  }

  /// Why is it not running yet? In words, for a person. Throws: no_state for an empty future.
  template <class T>
  std::string explain(const future<T>& one) const {
    core_->check_process();
    return core_->explain(future_access::checked(one));
  }

  /// Calls `handler(const Event&)` for every Event of namespace event, one call at a time, on the thread that has the
  /// news. Dropping the subscription keeps the handler.
  template <class Event, class F>
  subscription on_event(F&& handler) {
    core_->check_process();
    return core_->hub().template on<Event>(std::forward<F>(handler));
  }

 protected:
  /// Takes `core` over. Throws: spawn_failed.
  explicit pool_surface(Core* core) : core_(core) {
    try {
      core_->spawn();
    } catch (...) {
      core_->end_of_handle();
      throw;
    }
  }
  Core& core() const noexcept { return *core_; }

 private:
  // Without options, which is the usual case, none are looked at.
  template <class F, class... A>
  auto make_plain(F&& callable, A&&... arguments) const {
    core_->check_process();
    check_callable(callable);
    auto* const made = core_->calls().template plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
    made->describe_as(next_task_number(), priority::normal);
    return made;
  }

  template <class Value>
  future<Value> admitted(result_task<Value>* made) {
    task_ref one(made);
    auto result = future_of(*made);
    core_->admit_or_throw(one);
    return result;
  }

  template <class Value>
  submit_result<Value> tried(result_task<Value>* made) {
    task_ref one(made);
    auto result = future_of(*made);
    const errc refused = core_->admit(one, submit_kind::must_not_block);
    if (refused != errc()) return refused;
    return result;
  }

  void admit_posted(task* made) {
    made->set_posted();
    if (core_->keep(*made)) return;
    task_ref one(made);
    core_->admit_or_throw(one);
  }

  template <class F, class... A>
  auto make(const task_options& options, F&& callable, A&&... arguments) const -> result_task<result_t<F, A...>>* {
    core_->check_process();
    checked(options);
    check_callable(callable, options.name);
    std::unique_ptr<result_task<result_t<F, A...>>> made(
        core_->calls().template with<F, A...>(options, std::forward<F>(callable), std::forward<A>(arguments)...));
    made->describe_as(next_task_number(), options.priority);
    detail::apply(options, *made);  // not std::apply, which a result of the standard library would bring in
    return made.release();
  }

  template <class Value>
  static future<Value> future_of(result_task<Value>& made) noexcept {
    made.add_reference();
    return future<Value>(&made);
  }
  friend pool_access;
  Core* const core_;
};

/// What algorithms need of a pool, and nobody else.
struct pool_access {
  template <class Core>
  static Core& core(pool_surface<Core>& pool) noexcept {
    return *pool.core_;
  }
};

}  // namespace detail

}}  // namespace workpool::v0
