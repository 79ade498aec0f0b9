#pragma once

namespace workpool { inline namespace v0 { namespace detail {

/// A pool whose workers do not see the memory of the caller.
template <class Pool>
concept works_elsewhere = requires {
  requires Pool::runs_elsewhere;
};

/// Does not compile for a pool of processes, and says what to write instead.
template <class Pool>
consteval void needs_threads() {
  static_assert(!works_elsewhere<Pool>,
                "workpool: for_each, transform_reduce, task_group and parallel_invoke need threads: a worker process "
                "does not see the memory of its caller. On a fork_pool use workpool::map(pool, range, function), which "
                "gives the results, or pool.submit_bulk(n, function)");
}

}}}  // namespace workpool::v0::detail
