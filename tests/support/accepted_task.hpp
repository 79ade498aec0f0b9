#pragma once

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <workpool/core/call_task.hpp>
#include <workpool/core/future.hpp>
#include <workpool/core/task_ref.hpp>

#include "support/fake_owner.hpp"

namespace workpool_test {

/// A task a pool has accepted: what lies in the queue, and what the submitter holds.
template <class T>
struct accepted_task {
  workpool::task_ref queued;
  workpool::future<T> result;

  workpool::detail::task& task() const { return *queued.get(); }
};

/// The name and number the next functions give.
inline constexpr workpool::task_id accepted_id = 17;
inline constexpr std::string_view accepted_name = "thumb";

/// What submit does with a callable and its arguments, short of a queue.
template <class F, class... A>
auto accept(fake_owner& owner, F&& callable, A&&... arguments) {
  using result = workpool::detail::result_t<F, A...>;
  auto one =
      std::make_unique<workpool::detail::call_task<F, A...>>(std::forward<F>(callable), std::forward<A>(arguments)...);
  one->describe_as(accepted_id, workpool::priority::normal);
  one->details().name = accepted_name;
  one->add_reference();
  one->accept_by(owner);
  workpool::detail::result_task<result>* const plain = one.release();
  return accepted_task<result>{workpool::task_ref(plain), workpool::future<result>(plain)};
}

}  // namespace workpool_test
