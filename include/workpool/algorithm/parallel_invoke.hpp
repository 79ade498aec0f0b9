#pragma once
#include <concepts>
#include <functional>
#include <utility>
#include <workpool/algorithm/body_count.hpp>
#include <workpool/algorithm/needs_threads.hpp>
#include <workpool/core/future.hpp>
#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/worker/fork_job.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// A pool whose workers take parts from one another.
template <class Pool>
concept forks_jobs = requires(Pool& pool, thread_worker& worker, fork_job& part) {
  { pool_access::core(pool).fork(worker, part) } -> std::same_as<bool>;
};

/// Runs one part on this thread while another one is offered to the workers of a pool.
template <class Core, class Rest>
class forked final : public fork_job {
 public:
  forked(Core& core, thread_worker& me, Rest& rest) noexcept
      : fork_job([](fork_job& self) { static_cast<forked&>(self).rest_(); }), core_(core), me_(me), rest_(rest) {}

  template <class First>
  void run_beside(First& first) {
    {
      joiner end{*this};
      std::invoke(first);
      end.needed = false;
    }
    if (core_.take_back(me_)) return rest_();
    joiner end{*this};
    core_.join(me_, *this);
    end.needed = false;
    rethrow();
  }

 private:
  // Something unwinds this thread: the part must not outlive it, and what nobody has begun is left out.
  struct joiner {
    forked& job;
    bool needed = true;
    ~joiner() {
      if (needed && !job.core_.take_back(job.me_)) job.core_.sleep(job.me_, job);
    }
  };

  Core& core_;
  thread_worker& me_;
  Rest& rest_;
};

template <class Core, class Last>
void fork_join(Core&, thread_worker&, Last& last) {
  std::invoke(last);
}
template <class Core, class First, class... Rest>
void fork_join(Core& core, thread_worker& me, First& first, Rest&... rest) {
  auto others = [&core, &rest...] { fork_join(core, *core.forker(), rest...); };
  forked<Core, decltype(others)> job(core, me, others);
  if (core.fork(me, job)) return job.run_beside(first);
  std::invoke(first);  // so many are waiting already that nobody is without work
  others();
}

/// The caller is no worker of the pool: one of them begins in its place.
template <class Pool, class... F>
[[gnu::noinline]] void fork_join_elsewhere(Pool& pool, F&... parts) {
  const struct all_returned {
    body_count bodies;
    ~all_returned() { bodies.wait(); }
  } at_the_end;
  auto done = pool.submit([&pool, &parts..., body = at_the_end.bodies.enter()] {
    auto& core = pool_access::core(pool);
    if (thread_worker* const me = core.forker()) return fork_join(core, *me, parts...);
    (std::invoke(parts), ...);  // the pool lets its caller run what it has no room for
  });
  try {
    done.get();
  } catch (...) {
    done.cancel();
    throw;
  }
}

}  // namespace detail

/// Calls every one of `callables`, at the same time where workers of `pool` have nothing else to do.
///
///     long fib(int n) {
///       if (n < 2) return n;
///       long a = 0, b = 0;
///       wp::parallel_invoke(pool, [&] { a = fib(n - 1); }, [&] { b = fib(n - 2); });
///       return a + b;
///     }
///
/// Made for recursion: called by a task of the pool it costs about as much as a few function calls as long as nobody
/// takes a part from its worker. The parts belong to the task that calls: its stop token, its errors. They start in
/// order where one thread runs them; one that another worker takes over is counted as a task of normal priority.
/// Threads: any. A caller that is no worker of the pool has a task do it and waits for that.
/// Blocks: until every part has returned or been left out; a worker helps with the parts of what it waits for, and with
/// nothing else. Throws: what the first callable throws, in the order of the arguments, that throws at all; those
/// behind it that have not begun are then left out. From outside also what submit and get() throw.
template <detail::forks_jobs Pool, std::invocable... F>
requires(sizeof...(F) > 0) void parallel_invoke(Pool& pool, F&&... callables) {
  auto& core = detail::pool_access::core(pool);
  if (detail::thread_worker* const me = core.forker()) return detail::fork_join(core, *me, callables...);
  detail::fork_join_elsewhere(pool, callables...);
}
/// Does not compile: says that it needs threads.
template <detail::works_elsewhere Pool, std::invocable... F>
void parallel_invoke(Pool&, F&&...) {
  detail::needs_threads<Pool>();
}

}}  // namespace workpool::v0
