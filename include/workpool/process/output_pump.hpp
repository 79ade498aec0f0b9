#pragma once

#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/detail/posix/thread_name.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/process/child_output.hpp>
#include <workpool/process/child_streams.hpp>
#include <workpool/process/output_delivery.hpp>
#include <workpool/process/output_work.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One worker process whose output is read. Outlives the pump that gave it.
using output_source = std::shared_ptr<child_streams>;

/// Reads what the worker processes of a pool write, on one thread that exists from the first of them on, and does with
/// it what child_output says.
///
///     worker ─ stdout ─┐                 ┌─ forward ─► backlog ─► descriptor 1 or 2 of the host
///              stderr ─┼─► this thread ──┼─ capture ─► output_handler
///              report ─┘        │        └─ discard
///                               └─► the last 4 KiB of stderr, 16 KiB of report
///
/// A host whose standard output nobody reads is waited for: workers that write more block, its memory does not grow.
/// Threads: any. Cost: nothing while no worker writes. Memory: 20 KiB per worker, and 64 KiB per line that is not
/// complete; at most 1 MiB for each of the host's streams.
class output_pump {
 public:
  /// Not for child_output::inherit, which needs no pipes. `name` is the pool's.
  explicit output_pump(child_output mode, output_handler handler = {}, std::string name = "workpool",
                       host_descriptors host = standard_output_and_error)
      : mode_(mode), handler_(std::move(handler)), name_(std::move(name)), host_(host) {}
  output_pump(const output_pump&) = delete;
  output_pump& operator=(const output_pump&) = delete;
  /// What is in the pipes is delivered as far as the host takes it at once. Blocks: as long as the handler, where it is
  /// running; called by the handler itself it does not block, and nothing is delivered any more. In a child of fork it
  /// does nothing.
  ~output_pump() {
    if (!thread_.joinable()) return;
    if (!mark_.same()) {
      thread_.detach();  // it is the parent's
    } else if (thread_id_ == std::this_thread::get_id()) {
      work_->forsake();
      thread_.detach();
    } else {
      work_->stop();
      thread_.join();
    }
  }

  /// Takes over the reading ends of a worker's pipes; any may be empty. Throws: spawn_failed where the thread cannot be
  /// started or a pipe cannot be watched, std::bad_alloc; the pipes are closed then.
  output_source add(worker_id worker, unique_fd out, unique_fd err, unique_fd report) {
    const std::shared_ptr<output_work> work = begin();
    output_source source = work->admit(worker, {std::move(out), std::move(err), std::move(report)});
    if (!source) refuse("watched", errno);
    return source;
  }

  /// Gives: the last 4 KiB of standard error, with everything that is in the pipe now: when the worker has died, all it
  /// wrote, also where a grandchild holds the pipe open. Not for one that lives and goes on writing: its text is read
  /// ahead of the host then, and what is more than 1 MiB ahead is lost. Throws: std::bad_alloc.
  std::string tail_of(const output_source& source) {
    if (const auto work = working()) work->drain(*source);
    return source->tail();
  }
  /// Likewise what the worker wrote about its crash, at most 16 KiB.
  std::string report_of(const output_source& source) {
    if (const auto work = working()) work->drain(*source);
    return source->report();
  }

  /// Reads what is there now and closes the pipes: grandchildren that go on writing get SIGPIPE. What was read is
  /// delivered soon; flush() waits for that. Does not block. Once is enough.
  void remove(const output_source& source) noexcept {
    if (const auto work = working()) work->close(*source);
  }

  /// Blocks until everything that is in the pipes now has reached the handler, or the host's descriptors, or `deadline`
  /// has passed. Gives: whether it has. A line that is not complete waits for its end or for remove(). Called by the
  /// handler it gives false.
  bool flush(time_point deadline) {
    const auto work = working();
    if (!work) return true;
    return std::this_thread::get_id() != thread_id_ && work->flush(deadline);
  }

  /// How often the handler threw.
  std::uint64_t faults() const noexcept {
    const auto work = working();
    return work ? work->faults() : 0;
  }
  /// Units: bytes that were neither forwarded nor captured, for want of room: of workers that had died while the host
  /// took nothing.
  std::uint64_t lost() const noexcept {
    const auto work = working();
    return work ? work->lost() : 0;
  }

 private:
  std::shared_ptr<output_work> working() const noexcept {
    const std::lock_guard hold(mutex_);
    return work_;
  }

  std::shared_ptr<output_work> begin() {
    const std::lock_guard hold(mutex_);
    if (work_) return work_;
    auto work = std::make_shared<output_work>(mode_, handler_, host_);
    if (work->problem() != 0) refuse("read", work->problem());
    try {
      const signals_blocked quiet;
      thread_ = std::thread([work, name = name_ + "-output"] {
        name_this_thread(name);
        work->run();
      });
    } catch (const std::system_error& reason) {
      raise(errc::spawn_failed, "the output thread of " + name_ + " could not be started: " + reason.code().message());
    }
    thread_id_ = thread_.get_id();
    return work_ = std::move(work);
  }

  [[noreturn]] void refuse(const char* what, int reason) const {
    raise(errc::spawn_failed, "the output of the workers of " + name_ + " cannot be " + what + ": " +
                                  std::generic_category().message(reason) +
                                  "; raise the limit of open files, or have fewer workers");
  }

  const child_output mode_;
  const output_handler handler_;
  const std::string name_;
  const host_descriptors host_;
  const process_mark mark_ = process_mark::current();
  mutable std::mutex mutex_;
  std::shared_ptr<output_work> work_;  // guarded by mutex_ until it is there; the thread owns it, too
  std::thread thread_;                 // likewise
  std::thread::id thread_id_;
};

}}}  // namespace workpool::v0::detail
