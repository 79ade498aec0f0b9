#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/process/output_pump.hpp>
#include <workpool/worker/call_mark.hpp>
#include <workpool/worker/kill_ladder.hpp>
#include <workpool/worker/worker_memory.hpp>
#include <workpool/worker/zygote_news.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where one process stands. It only ever moves on, but for between idle, taken and busy.
///
///     asked_for ──► born ──hello──► idle ◄──► taken ──sent──► busy
///                                    ▲────────result────────────┘
///     taken ──► mute: it does not listen any more, and has perhaps died
///     any but gone ──► leaving: its slot has a successor, or none; it gets its graces
///     any ──► gone: it has died, and its exit status is still to come
enum class process_stage : std::uint8_t { asked_for, born, idle, taken, busy, mute, leaving, gone };

/// One worker process of a pool, from the request for it to its exit status. Threads: one at a time.
template <channel Channel>
struct process_worker {
  process_worker(worker_id slot, std::uint32_t turn, kill_ladder steps) noexcept
      : id(slot), generation(turn), ladder(steps) {}
  process_worker(const process_worker&) = delete;
  process_worker& operator=(const process_worker&) = delete;

  call_mark& mark() const noexcept { return memory.mark(); }
  /// How many calls of its task have begun; may be nonsense, since the worker says so.
  std::uint64_t begun() const noexcept { return mark().begun() - calls_before; }
  /// No further one is. Gives: how many, at most.
  std::uint64_t revoke() const noexcept { return mark().revoke() - calls_before; }

  const worker_id id;
  const std::uint32_t generation;
  process_stage stage = process_stage::asked_for;

  std::uint64_t token = 0;    // what it is known by where it is watched
  std::uint64_t request = 0;  // what it is known by at the zygote
  std::optional<Channel> line{};
  bool has_more = false;  // to read or write at once: its handle does not show it
  worker_memory memory{};
  output_source output{};
  int pid = 0;
  unique_fd pidfd{};
  time_point started_at{};
  std::optional<frame> early{};  // said before its birth was told of

  // The task it runs, or will in a moment; with a reference.
  task* current = nullptr;
  std::uint32_t attempt = 0;
  task_id last_task = 0;           // that it was sent
  std::uint64_t calls_before = 0;  // that it had begun when it was
  time_point begun_at{};
  time_point deadline = time_point::max();   // of the task
  outcome at_deadline = outcome::timed_out;  // what it ends with then
  time_point next_beat = time_point::max();  // that its task has promised
  bool held = false;                         // somebody is about to send the task, without the lock
  std::optional<outcome> rest{};             // what has not begun of the task never will, and becomes this

  std::uint64_t completed = 0, failed = 0;  // tasks
  time_point idle_since{};

  // Of its health.
  time_point ping_at = time_point::max();     // the next question
  time_point pong_until = time_point::max();  // for the answer
  bool unanswered = false;                    // the last one

  // Of its end.
  kill_ladder ladder;
  crash_report::cause cause = crash_report::cause::unknown;  // why it was ended here
  bool planned = false;                                      // nobody is to blame
  bool killed = false;                                       // as soon as it has a number
  time_point closed_until = time_point::max();               // it closed its channel, and has to be dead by then
  std::string last_words{};                                  // what it did wrong
  std::optional<worker_ended> ended{};
};

}}}  // namespace workpool::v0::detail
