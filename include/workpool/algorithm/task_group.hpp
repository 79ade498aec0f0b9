#pragma once
#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <workpool/algorithm/group_body.hpp>
#include <workpool/algorithm/group_state.hpp>
#include <workpool/algorithm/needs_threads.hpp>
#include <workpool/core/null_callable.hpp>
#include <workpool/pool/task_options.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// A pool that task groups can use.
template <class Pool>
concept runs_groups = requires(Pool& pool, const task_options& options, group_body body) {
  { pool.submit(options, std::move(body)) } -> std::same_as<future<void>>;
};

}  // namespace detail

/// Tasks of one pool that are waited for, and given up, together.
///
///     wp::task_group images{pool};
///     for (const path& one : folder) images.run(convert, one);
///     images.wait();
///
/// The first error cancels the rest: what has not started never runs, what runs is asked to stop. An error is what a
/// body throws, and every outcome but a value and `cancelled`; a task that was cancelled, or throws task_cancelled, is
/// none. After an error or a cancel(), until a wait() has returned, what is run is dropped.
/// Threads: run(), cancel() and wait() from any, and run() and cancel() from the group's own tasks.
/// Memory: of tasks that are over at most about as many are kept as are not, and 64.
class task_group {
 public:
  /// `pool` has to outlive every run().
  template <detail::runs_groups Pool>
  explicit task_group(Pool& pool)
      : pool_(&pool), submit_([](void* to, const task_options& options, detail::group_body&& body) {
          return static_cast<Pool*>(to)->submit(options, std::move(body));
        }) {
    detail::needs_threads<Pool>();
  }
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;
  /// Cancels the group and waits until every body has returned. What failed and nobody waited for is an
  /// event::unobserved_error.
  ~task_group() {
    cancel();
    state_.finish();
  }

  /// Runs `callable(arguments...)` on the pool, with copies made now; a callable that needs a std::stop_token first
  /// gets one. What it returns is dropped. Blocks: as submit of the pool. Throws: as submit; the group goes on then.
  template <class F, class... A>
  requires detail::submittable<F, A...>
  void run(F&& callable, A&&... arguments) {
    run(task_options{}, std::forward<F>(callable), std::forward<A>(arguments)...);
  }
  template <class F, class... A>
  requires detail::submittable<F, A...>
  void run(const task_options& options, F&& callable, A&&... arguments) {
    detail::check_callable(callable, options.name);
    const detail::entry_ref one(
        new detail::group_call<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...));
    start(options, one);
  }

  /// Returns when every body has returned and everything is settled; the group can then be used again.
  ///
  /// Blocks: yes. A worker of the pool first runs what has not started, newest first, and then parks; it runs nothing
  /// else. Any other thread only waits. Throws: what failed first; where several wait, to one of them. would_deadlock
  /// at once, and the group goes on, when it is called inside one of the group's own bodies.
  void wait() {
    if (detail::entry_ref failed = state_.wait()) rethrow(std::move(failed));
  }

  /// Cancels all tasks of the group. Not an error: wait() returns as if they had ended.
  void cancel() noexcept { state_.cancel(); }

 private:
  // Not inlined: groups inside groups recurse through run() and wait(), and a worker's stack bounds how deep.
  [[gnu::noinline]] void start(const task_options& options, const detail::entry_ref& one) {
    const auto under_way = state_.enter();  // the body may be over before the group knows its future
    if (!state_.ends()) state_.add(one, submit_(pool_, options, detail::group_body(state_, one)));
  }
  [[gnu::noinline]] static void rethrow(detail::entry_ref failed) { failed->again().get(); }

  void* pool_;
  future<void> (*submit_)(void*, const task_options&, detail::group_body&&);
  detail::group_state state_;
};

}}  // namespace workpool::v0
