#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <workpool/worker/hands.hpp>
#include <workpool/worker/stall_watch.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/worker_list.hpp>

namespace workpool_test {

/// A crew without threads: its workers, which are all at work, are played by the test, and what it is told is counted.
class fake_crew final : public workpool::detail::stall_watch {
 public:
  explicit fake_crew(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) workers.add().at_rest = false;
  }
  ~fake_crew() = default;

  workpool::detail::thread_worker& operator[](std::size_t id) const noexcept { return workers[id]; }
  workpool::detail::hands hands() const noexcept { return workpool::detail::hands(workers); }
  std::size_t slots() const noexcept { return workers.size(); }
  workpool::detail::thread_worker* here() const noexcept { return played; }
  bool paused() const noexcept { return is_paused; }

  void share() noexcept { ++shared; }
  void forked() noexcept { ++forks; }
  void kept(workpool::detail::thread_worker&) noexcept { ++keeps; }
  void notify_one() noexcept { ++notified; }
  void notify_one_in_order() noexcept { ++notified; }
  void notify_many(std::uint32_t count) noexcept { notified += static_cast<int>(count); }
  void wake_all() noexcept { ++woken; }
  void recall(workpool::detail::futex_mask who) noexcept { recalled |= who; }
  void crowded() noexcept { ++crowds; }
  bool may_grow() const noexcept { return grows; }
  void dispatch_again() noexcept { ++dispatches; }
  void stalled(workpool::worker_id) noexcept override { ++stalls; }
  void recovered(workpool::worker_id) noexcept override { ++recoveries; }

  workpool::detail::worker_list workers;
  workpool::detail::thread_worker* played = nullptr;  // by the calling thread
  bool is_paused = false, grows = true;
  std::atomic<int> shared{0}, forks{0}, keeps{0}, notified{0}, woken{0}, stalls{0}, recoveries{0}, crowds{0},
      dispatches{0};
  std::atomic<workpool::detail::futex_mask> recalled{0};
};

}  // namespace workpool_test
