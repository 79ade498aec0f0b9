#pragma once
#include <cstddef>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/call_task.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/repeated_task.hpp>
#include <workpool/pool/periodic_call.hpp>
#include <workpool/pool/task_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Makes the tasks of a pool whose workers are threads: callable and arguments are copied or moved into them.
/// Threads: any. Throws: what copying throws, std::bad_alloc.
struct local_calls {
  /// Without options, which is the usual case, none are looked at.
  template <class F, class... A>
  static call_task<F, A...>* plain(F&& callable, A&&... arguments) {
    return new call_task<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
  }

  /// Throws: bad_config, when it is to be run more than once and cannot.
  template <class F, class... A>
  static result_task<result_t<F, A...>>* with(const task_options& options, F&& callable, A&&... arguments) {
    if (options.retry.max_attempts == 1)
      return plain<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
    if constexpr (repeatable<F, A...>) {
      return new repeated_task<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...);
    } else {
      refuse_retry(options.retry);
    }
  }

  template <class F, class... A>
  static std::pair<promise_task<F, A...>*, std::future<result_t<F, A...>>> promised(F&& callable, A&&... arguments) {
    auto made = std::make_unique<promise_task<F, A...>>(std::forward<F>(callable), std::forward<A>(arguments)...);
    auto result = made->get_future();
    return {made.release(), std::move(result)};
  }

  template <class F>
  static bulk_task* bulk(const task_options&, std::size_t count, F&& callable) {
    return bulk_call<std::decay_t<F>>::make(count, std::forward<F>(callable));
  }

  template <class Pool, class F>
  static std::shared_ptr<periodic_call<Pool>> series(Pool& pool, duration every, F&& callable) {
    return std::make_shared<periodic_function<Pool, std::decay_t<F>>>(pool, every, std::forward<F>(callable));
  }
};

}}}  // namespace workpool::v0::detail
