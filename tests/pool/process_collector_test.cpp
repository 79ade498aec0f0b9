#include <workpool/pool/process_collector.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/event.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/lost_worker.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::loss_of;
using workpool_test::plus;

namespace {

void beat_and_fall_silent() {
  wp::this_worker::heartbeat();
  for (;;) ::pause();
}
void be_quiet_for(int milliseconds) { ::usleep(static_cast<unsigned>(1000 * milliseconds)); }

// Whether a task of a pool with this channel is ever settled by the thread that waits for it, in so many calls.
bool settles_itself(wp::channel_kind channel, int calls) {
  wp::fork_pool pool({.workers = 1, .channel = channel});
  std::atomic<bool> here{false};
  const auto own = std::this_thread::get_id();
  const auto watch = pool.on_event<wp::event::task_settled>([&](const wp::event::task_settled&) {
    if (std::this_thread::get_id() == own) here = true;
  });
  for (int n = 0; n < calls && !here; ++n) {
    if (pool.submit(plus, n, 1).get() != n + 1) return false;
  }
  return here;
}

}  // namespace

TEST_CASE("a thread that waits for a future takes in the answer itself, where there are rings", "[fork_pool]") {
  if (std::thread::hardware_concurrency() == 1) return;
  CHECK(settles_itself(wp::channel_kind::rings, 1'000'000));
  CHECK_FALSE(settles_itself(wp::channel_kind::socket, 1'000));
}

TEST_CASE("a heartbeat that the waiting thread has taken in is a promise as well", "[fork_pool]") {
  wp::fork_pool pool({.workers = 1,
                      .abort_grace = 10ms,
                      .kill_timeout = 1s,
                      .health = {.timeout = 100ms},
                      .channel = wp::channel_kind::rings});
  for (int n = 0; n < 5; ++n) {
    CHECK(loss_of(pool.submit(beat_and_fall_silent)).report().why == wp::crash_report::cause::unresponsive);
  }
}

TEST_CASE("a wait with a limit ends at it, though answers for others come all the time", "[fork_pool]") {
  wp::fork_pool pool({.workers = 3, .channel = wp::channel_kind::rings});
  std::atomic<bool> over{false};
  std::vector<std::thread> others;
  for (int n = 0; n < 2; ++n) {
    others.emplace_back([&] {
      while (!over) static_cast<void>(pool.submit(plus, 1, 2).get());
    });
  }
  for (int n = 0; n < 3; ++n) {
    auto slow = pool.submit(be_quiet_for, 2'000);
    CHECK(slow.wait_for(5ms) == std::future_status::timeout);
    slow.cancel();
  }
  over = true;
  for (auto& one : others) one.join();
}
