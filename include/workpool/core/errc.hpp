#pragma once

#include <string>
#include <system_error>
#include <type_traits>
#include <workpool/config.hpp>

namespace workpool { inline namespace v0 {

/// Everything workpool refuses or reports, as a code. Each has an exception of the same name in core/error.hpp.
enum class errc {
  queue_full = 1,
  enqueue_timeout,
  pool_stopped,
  circuit_open,
  task_quarantined,
  message_too_large,
  would_deadlock,
  bad_config,
  task_cancelled,
  task_expired,
  task_timeout,
  task_discarded,
  worker_lost,
  pool_broken,
  remote_error,
  spawn_failed,
  ready_timeout,
  restart_limit,
  protocol_error,
  codec_error,
  would_block,
  unsafe_fork,
  forked_child,
  unsupported,
  no_state
};

namespace detail {

class errc_category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "workpool"; }
  std::string message(int value) const override { return sentence(static_cast<errc>(value)); }

 private:
  static const char* sentence(errc code) noexcept {
    switch (code) {
      case errc::queue_full:
        return "The queue is full";
      case errc::enqueue_timeout:
        return "No room in the queue became free in time";
      case errc::pool_stopped:
        return "The pool is shutting down and takes no more tasks";
      case errc::circuit_open:
        return "The circuit breaker is open";
      case errc::task_quarantined:
        return "Tasks with this key have killed too many workers";
      case errc::message_too_large:
        return "The message is larger than the limit";
      case errc::would_deadlock:
        return "Waiting here would never end";
      case errc::bad_config:
        return "An option has a value that cannot be used";
      case errc::task_cancelled:
        return "The task was cancelled";
      case errc::task_expired:
        return "The task waited longer than it was allowed to";
      case errc::task_timeout:
        return "The task ran longer than it was allowed to";
      case errc::task_discarded:
        return "The task was discarded before it started";
      case errc::worker_lost:
        return "The worker that ran the task was lost";
      case errc::pool_broken:
        return "The pool could not keep a worker alive";
      case errc::remote_error:
        return "The task threw an exception in its worker process";
      case errc::spawn_failed:
        return "A worker could not be started";
      case errc::ready_timeout:
        return "The program did not say that it is ready in time";
      case errc::restart_limit:
        return "The restart limit was reached";
      case errc::protocol_error:
        return "The peer sent something that is not part of the protocol";
      case errc::codec_error:
        return "A value could not be encoded or decoded";
      case errc::would_block:
        return "The call would have to wait";
      case errc::unsafe_fork:
        return "Workers cannot be started safely from this process";
      case errc::forked_child:
        return "The pool belongs to the process that forked this one";
      case errc::unsupported:
        return "This is not supported here";
      case errc::no_state:
        return "The future is empty or its result was already taken";
    }
    return "Unknown workpool error";
  }
};

/// There to the end: a pool that is static settles tasks with errors after other statics are gone.
union lasting_category {
  constexpr lasting_category() noexcept : one() {}
  lasting_category(const lasting_category&) = delete;
  lasting_category& operator=(const lasting_category&) = delete;
  ~lasting_category() {}  // not of `one`

  errc_category one;
};

}  // namespace detail

/// The category of every errc; its name is "workpool".
WORKPOOL_ONE_PER_PROCESS inline const std::error_category& error_category() noexcept {
  static const detail::lasting_category lasting;
  return lasting.one;
}

inline std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

}}  // namespace workpool::v0

template <>
struct std::is_error_code_enum<workpool::errc> : std::true_type {};
