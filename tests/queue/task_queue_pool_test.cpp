#include <workpool/queue/task_queue.hpp>

#include <workpool/pool/basic_thread_pool.hpp>

#include "support/catch.hpp"
#include "support/task_queue_archetype.hpp"

#include <cstddef>
#include <vector>

using archetype_pool =
    workpool::basic_thread_pool<workpool::select::first_idle, workpool_test::task_queue_archetype<workpool::task_ref>>;

TEST_CASE("a thread pool runs on a queue that can do no more than the concept asks for") {
  std::vector<workpool::future<int>> results;
  {
    archetype_pool pool{{.workers = 2, .queue = {.capacity = 4}}};
    for (int i = 0; i < 500; ++i) results.push_back(pool.submit([i] { return i; }));
    pool.wait_idle();
    CHECK(pool.stats().queued == 0);
  }
  for (int i = 0; i < 500; ++i) CHECK(results[std::size_t(i)].get() == i);
}

TEST_CASE("a task cancelled in a queue that is not told of it never runs") {
  archetype_pool pool{{.workers = 1}};
  pool.pause();
  auto cancelled = pool.submit([] { return 1; });
  auto kept = pool.submit([] { return 2; });
  CHECK(cancelled.cancel() == workpool::cancel_result::dequeued);
  pool.resume();
  CHECK(kept.get() == 2);
  CHECK_THROWS_AS(cancelled.get(), workpool::task_cancelled);
}
