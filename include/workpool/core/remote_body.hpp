#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>
#include <workpool/core/outcome.hpp>

namespace workpool { inline namespace v0 { namespace detail {

class task;
class carried_buffers;

/// What an answer says of a request that may be for several calls.
struct progress {
  std::uint64_t made = 1;          // calls, since it was last sent
  bool is_all = true;              // of what was asked for; else it is to be sent again
  bool last_is_cancelled = false;  // and no error
};

/// The part of a task whose body runs in another process: what to send there, and what to make of the answer. Bytes,
/// so that nobody between the two needs to know a type.
/// Threads: request() and accept() by who the task's last transition made responsible; stop() any.
class remote_body {
 public:
  remote_body() = default;
  remote_body(const remote_body&) = delete;
  remote_body& operator=(const remote_body&) = delete;

  /// Gives: what to send; may use `scratch` for it, and is good until that or the task changes. Throws: std::bad_alloc.
  virtual std::span<const std::byte> request(const task& one, std::vector<std::byte>& scratch) = 0;
  /// Whether the task may be handed out: its request is small, and nothing goes with it. Asked by who has the task.
  virtual bool may_go_ahead() const noexcept { return false; }
  /// An answer has come. Runs no code of users. Throws: codec_error.
  virtual progress take_in(task&, std::span<const std::byte>) { return {}; }
  /// Whether it still has to be sent; when it is not, it has been taken back on its way to a worker.
  virtual bool is_wanted(const task&) const noexcept { return true; }
  /// Gives: what keeps the bytes of request() as they are, also when the task is over; nullptr where nothing does.
  virtual std::shared_ptr<const void> lend() const noexcept { return nullptr; }
  /// What goes with the request, which ends with their places; nullptr: nothing.
  virtual const carried_buffers* carried() const noexcept { return nullptr; }
  /// Keeps the result. `came`: what has come with it. Throws: codec_error, and what a codec of the user throws.
  virtual void accept(task& one, std::span<const std::byte> result, const carried_buffers* came = nullptr) = 0;
  /// `one` was handed out: soon it has either begun, or waits and is not handed out any more.
  /// Gives: false where nobody can be asked, as in a fork.
  virtual bool recall(task&) noexcept { return false; }
  /// `one` runs, or did a moment ago: it is to be settled as cancelled. Gives: stop_requested when it was.
  virtual cancel_result stop(task& one) noexcept = 0;
  /// The same, but the call of it that runs, if one does, may return first.
  virtual void end_early(task&) noexcept {}

 protected:
  ~remote_body() = default;
};

}}}  // namespace workpool::v0::detail
