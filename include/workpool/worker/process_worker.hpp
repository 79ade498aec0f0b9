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
#include <workpool/worker/prefetch_window.hpp>
#include <workpool/worker/sent_tasks.hpp>
#include <workpool/worker/worker_memory.hpp>
#include <workpool/worker/zygote_news.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Where one process stands. It only ever moves on, but for between idle, taken and busy.
///
///     asked_for ──► born ──hello──► idle ◄──► taken ──sent──► busy
///                                    ▲────its last answer────────┘
///     taken ──► mute: it does not listen any more, and has perhaps died
///     any but gone ──► leaving: its slot has a successor, or none; it gets its graces
///     any ──► gone: it has died, and its exit status is still to come
enum class process_stage : std::uint8_t { asked_for, born, idle, taken, busy, mute, leaving, gone };

/// One worker process of a pool, from the request for it to its exit status. Threads: one at a time.
template <channel Channel>
struct process_worker {
  process_worker(worker_id slot, std::uint32_t which, kill_ladder steps) noexcept
      : id(slot), generation(which), ladder(steps) {}
  process_worker(const process_worker&) = delete;
  process_worker& operator=(const process_worker&) = delete;

  call_mark& mark() const noexcept { return memory.mark(); }
  /// The task it runs, or will in a moment; nullptr: none.
  task* current() const noexcept { return sent.current() == nullptr ? nullptr : sent.current()->one; }
  /// How many calls have begun, of its task and those that it was sent after that; may be nonsense, since the worker
  /// says so.
  std::uint64_t begun() const noexcept { return since_current(mark().begun()); }
  /// No further one is. Gives: how many, at most.
  std::uint64_t revoke() noexcept {
    turn = call_mark::turn_after(turn);
    return since_current(mark().begin_turn(turn));
  }
  /// So many of all that have begun. None of these has while it has not come to those before them.
  std::uint64_t since_current(std::uint64_t calls) const noexcept {
    const std::uint64_t earlier = counted + sent.before_current();
    return calls > earlier ? calls - earlier : 0;
  }

  const worker_id id;
  const std::uint32_t generation;
  process_stage stage = process_stage::asked_for;

  std::uint64_t token = 0;    // what it is known by where it is watched
  std::uint64_t request = 0;  // what it is known by at the zygote
  std::optional<Channel> line{};
  bool has_more = false;  // to read or write at once: its handle does not show it
  bool said_all = false;  // it has closed its line, and everything before that was read
  worker_memory memory{};
  output_source output{};
  int pid = 0;
  unique_fd pidfd{};
  time_point started_at{};
  std::optional<frame> early{};  // said before its birth was told of

  sent_tasks sent{};
  std::uint32_t turn = 0;     // in which it is sent something now
  std::uint64_t counted = 0;  // calls that it had begun before it was asked for what it has not answered
  // Of the current one:
  time_point begun_at{};
  time_point deadline = time_point::max();
  outcome at_deadline = outcome::timed_out;    // what it ends with then
  time_point next_beat = time_point::max();    // that it has promised
  time_point ahead_until = time_point::max();  // then what was sent after it is taken back

  time_point gives_way_until{};  // to something more urgent, which it will come to first; afterwards it takes long

  bool held = false;              // somebody is about to send it a task, without the lock
  sent_task coming{};             // that one; `one` is nullptr as long as it is looked for
  std::uint64_t hold_number = 0;  // of all times that somebody was
  bool unsure = false;            // the last one that seems to have begun may say that it was taken back before
  bool filling = true;            // its window, until that is full; then it is half empty before it is filled again
  bool has_room = false;          // it is one of those that can be sent more
  prefetch_window window{};

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
