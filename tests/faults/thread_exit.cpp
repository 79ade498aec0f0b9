// A task ends its thread by pthread_exit: the unwind is let through, the task ends worker_lost, and the worker is
// replaced.

#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"
#include "support/eventually.hpp"

namespace wp = workpool;

namespace {

struct note {
  std::atomic<int>& count;
  ~note() { ++count; }
};

void on_a_worker() {
  std::atomic<int> unwound{0}, started{0}, unplanned{0};
  wp::thread_pool pool{{.name = "frail", .workers = 2, .on_start = [&](wp::worker_id) { ++started; }}};
  const auto watch = pool.on_event<wp::event::worker_exited>([&](const auto& news) { unplanned += !news.planned; });
  for (int round = 0; round < 20; ++round) {
    auto lost = pool.submit({.name = "leaver"}, [&] {
      const note at_the_end{unwound};
      ::pthread_exit(nullptr);
    });
    const std::string text = fault::thrown_text<wp::worker_lost>([&] { lost.get(); });
    fault::expect_text(text, {"'leaver'", "worker"});
  }
  fault::expect_equal(unwound.load(), 20, "bodies that were unwound");
  fault::expect_equal(pool.submit([] { return 7; }).get(), 7, "what the pool still computes");
  pool.wait_idle();
  fault::expect(workpool_test::eventually([&] { return pool.stats().workers == 2; }), "there are two workers again");
  fault::expect(workpool_test::eventually([&] { return pool.stats().restarts == 20; }), "each was started again");
  const wp::pool_stats now = pool.stats();
  fault::expect_equal(now.worker_lost, 20, "stats().worker_lost");
  fault::expect_equal(unplanned.load(), 20, "unplanned worker_exited events");
  fault::expect(workpool_test::eventually([&] { return started == 22; }), "on_start was called for each of 22 threads");
  fault::expect_equal(now.running, 0, "running");
}

void by_cancellation() {
  wp::thread_pool pool{1};
  std::atomic<int> unwound{0};
  auto lost = pool.submit({.name = "cancelled from within"}, [&] {
    const note at_the_end{unwound};
    ::pthread_cancel(::pthread_self());
    for (;;) ::pthread_testcancel();
  });
  fault::expect_text(fault::thrown_text<wp::worker_lost>([&] { lost.get(); }), {"'cancelled from within'", "worker"});
  fault::expect_equal(unwound.load(), 1, "bodies that were unwound");
  fault::expect_equal(pool.submit([] { return 3; }).get(), 3, "what the pool still computes");
}

void nested() {
  wp::thread_pool pool{1};
  wp::future<void> inner;
  auto outer = pool.submit([&] {
    inner = pool.submit([] { ::pthread_exit(nullptr); });
    inner.wait();  // runs it here, and is unwound with it
  });
  fault::expect(fault::thrown_text<wp::worker_lost>([&] { outer.get(); }) != "", "the outer task is lost");
  fault::expect(fault::thrown_text<wp::worker_lost>([&] { inner.get(); }) != "", "and so is the inner one");
  fault::expect_equal(pool.submit([] { return 1; }).get(), 1, "what the pool still computes");
}

void on_a_guest() {
  wp::thread_pool pool{1};
  pool.pause();
  auto lost = pool.submit([] { ::pthread_exit(nullptr); });
  std::thread([&] {
    auto mine = std::move(lost);
    mine.get(wp::help);  // never returns
    fault::expect(false, "pthread_exit ends the guest's thread");
  }).join();
  pool.resume();
  pool.wait_idle();
  fault::expect_equal(pool.stats().worker_lost, 1, "stats().worker_lost");
}

void while_draining() {
  std::atomic<int> ran{0};
  {
    wp::thread_pool pool{1};
    pool.pause();
    for (int n = 0; n < 5; ++n) {
      pool.post([] { ::pthread_exit(nullptr); });
      pool.post([&] { ++ran; });
    }
  }
  fault::expect_equal(ran.load(), 5, "tasks that ran although the worker before them was lost");
}

}  // namespace

int main() {
  const workpool_test::hang_trap trap("thread_exit");
  on_a_worker();
  by_cancellation();
  nested();
  on_a_guest();
  while_draining();
  return fault::failures;
}
