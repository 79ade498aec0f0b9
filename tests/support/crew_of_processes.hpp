#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/detail/posix/poll_one.hpp>
#include <workpool/detail/posix/poller.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/process_staff.hpp>
#include <workpool/pool/remote_calls.hpp>

#include "support/fake_link.hpp"

namespace workpool_test {

/// Of a crew whose workers say nothing and end soon.
inline workpool::fork_pool_options quiet_crew(std::string name, workpool::worker_range workers) {
  workpool::fork_pool_options options;
  options.name = std::move(name);
  options.workers = workers;
  options.output = workpool::child_output::discard;
  options.abort_grace = options.kill_timeout = std::chrono::milliseconds(20);
  return options;
}

/// The worker processes of a pool without the pool: the test plays the thread that watches them, and collects what that
/// would have to do. The program has to begin with worker_entry. Threads: one.
class crew_of_processes {
 public:
  using staff_type = workpool::detail::process_staff;
  using worker = staff_type::worker;
  using task = workpool::detail::task;

  /// Comes back when the workers that there should be have answered, or could not be started.
  explicit crew_of_processes(workpool::fork_pool_options options)
      : options_(workpool::detail::completed(std::move(options))), staff(options_, no_start(), ledger_.shared_books()) {
    calls_.connect(link_.link());
    watcher_.add(bell_.get(), workpool::detail::interest::reading, bell_token);
    staff.begin(watcher_, bell_);
    begun_ = until([this] { return staff.has_begun(); });
    problem = staff.end_of_beginning();
  }
  crew_of_processes(const crew_of_processes&) = delete;
  crew_of_processes& operator=(const crew_of_processes&) = delete;
  ~crew_of_processes() {
    staff.stop();
    static_cast<void>(until([this] { return staff.has_stopped(); }));
    staff.end_births();
    while (task* const one = staff.unfinished().take()) one->drop_reference();
    for (const auto& end : ends) end.one->drop_reference();
    for (const auto& [one, result] : withdrawn) one->drop_reference();
  }

  bool begun() const noexcept { return begun_; }

  /// A task nobody owns. Its reference is the crew's as soon as that has it.
  template <class F, class... A>
  task& make(F&& callable, const A&... arguments) {
    task& one = wait(std::forward<F>(callable), arguments...);
    static_cast<void>(one.start());
    return one;
  }
  /// The same, which waits.
  template <class F, class... A>
  task& wait(F&& callable, const A&... arguments) {
    task* const one = calls_.plain(std::forward<F>(callable), arguments...);
    one->describe_as(++last_id_, workpool::priority::normal);
    return *one;
  }
  /// Sends it to a worker that was taken.
  void give(worker& to, task& one) {
    to.held = false;
    std::vector<std::byte> scratch;
    static_cast<void>(staff.send(to, one, one.elsewhere()->request(one, scratch), one.elsewhere()->lend()));
  }
  /// The same with the next idle worker, for which it waits. Gives: the task.
  template <class F, class... A>
  task& send(F&& callable, const A&... arguments) {
    task& one = make(std::forward<F>(callable), arguments...);
    static_cast<void>(until([this] { return staff.roster().idle() != 0; }));
    give(*staff.roster().take_idle(), one);
    return one;
  }

  /// False: nothing happens because time has passed. What is late here may have been off its core.
  bool keeps_time = true;

  /// Looks after the workers once, and waits for news until `limit` where there are none.
  void step(workpool::time_point limit) {
    workpool::detail::crew_news todo;
    const workpool::time_point now = workpool::steady::now();
    if (keeps_time) staff.keep_time(now, todo);
    staff.staff(now, work_waits, todo);
    if (todo.changed || todo.freed || !todo.ends.empty()) limit = now;  // perhaps that is what is waited for
    collect(todo);
    for (const auto& one : watcher_.wait(room_, keeps_time ? std::min(limit, staff.next_moment(now)) : limit)) {
      workpool::detail::crew_news heard;
      if (one.token == bell_token) {
        bell_.clear();
      } else if (one.token == staff_type::zygote_token) {
        staff.hear_zygote(heard);
      } else {
        staff.hear_process(one, heard);
      }
      collect(heard);
    }
  }
  /// Goes on until `holds()`, which is asked between two looks. Gives: whether it did within the limit.
  template <class Predicate>
  [[nodiscard]] bool until(Predicate holds, std::chrono::nanoseconds limit = std::chrono::seconds(20)) {
    const workpool::time_point end = workpool::steady::now() + limit;
    while (!holds()) {
      if (workpool::steady::now() >= end) return false;
      step(end);
    }
    return true;
  }
  /// Until so many tasks have ended, processes have died.
  [[nodiscard]] bool until_ends(std::size_t count) {
    return until([&] { return ends.size() >= count; });
  }
  [[nodiscard]] bool until_exits(std::size_t count) {
    return until([&] { return exited.size() >= count; });
  }

  /// Whether there is to be another look at once.
  bool is_rung() const noexcept {
    return workpool::detail::poll_one(bell_.get(), workpool::detail::poll_for::reading, workpool::time_point::min());
  }

  /// How many have begun while a worker had them.
  std::uint64_t started_tasks() const {
    const auto of_lanes = ledger_.sums().started;
    return std::accumulate(of_lanes.begin(), of_lanes.end(), std::uint64_t{0});
  }

  workpool::worker_info info(std::size_t index = 0) const { return staff.list().at(index); }
  std::size_t count(workpool::worker_state state) const {
    std::size_t found = 0;
    for (const auto& one : staff.list()) found += one.state == state ? 1U : 0U;
    return found;
  }
  void collect(workpool::detail::crew_news& todo) {
    for (auto& one : todo.ends) ends.push_back(std::move(one));
    for (const auto& one : todo.withdrawn) withdrawn.push_back(one);
    for (const auto& one : todo.started) started.push_back(one);
    for (const auto& one : todo.exited) exited.push_back(one);
    for (const auto& one : todo.failed) failed.push_back(one);
    all_failed = all_failed || todo.all_failed;
    back = back || todo.back;
  }

 private:
  // Out of line: with a sanitizer g++ takes what is inlined here for uninitialised.
  [[gnu::noinline]] static std::optional<workpool::detail::located_code> no_start() { return std::nullopt; }

  const workpool::fork_pool_options options_;
  static constexpr std::uint64_t bell_token = 0;  // as the pool's own
  workpool::detail::poller watcher_ = workpool::detail::poller::make();
  workpool::detail::event_fd bell_ = workpool::detail::event_fd::make();
  std::array<workpool::detail::poll_event, 16> room_;
  fake_link link_;
  const workpool::pool_options common_{};
  workpool::detail::task_ledger ledger_{common_};
  workpool::detail::remote_calls calls_{std::size_t{1} << 20, ledger_};
  workpool::task_id last_id_ = 0;
  bool begun_ = false;

 public:
  staff_type staff;
  std::vector<workpool::detail::remote_end> ends;
  std::vector<std::pair<task*, workpool::outcome>> withdrawn;
  std::vector<workpool::event::worker_started> started;
  std::vector<workpool::event::worker_exited> exited;
  std::vector<workpool::event::worker_failed> failed;
  std::optional<std::pair<workpool::errc, std::string>> problem;
  bool work_waits = false, all_failed = false, back = false;
};

/// What a task threw, or was lost with, in words.
inline std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}
/// The report of a lost task.
inline workpool::crash_report report_of(const workpool::detail::remote_end& end) {
  try {
    std::rethrow_exception(end.error);
  } catch (const workpool::worker_lost& lost) {
    return lost.report();
  }
}

}  // namespace workpool_test
