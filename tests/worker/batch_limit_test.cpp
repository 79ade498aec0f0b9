#include <workpool/worker/batch_limit.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

using namespace workpool::detail;
using namespace std::chrono_literals;
using workpool::duration;
using workpool::time_point;

namespace {

/// A worker that takes as much as it may and runs it, each task for so long.
struct diligent_worker {
  batch_limit limit;
  unsigned claimed = 0;
  time_point now{1h};

  std::size_t take_and_run(duration each) {
    const std::size_t taken = limit.now();
    limit.taken(claimed, now);
    claimed += static_cast<unsigned>(taken);
    now += taken * each;
    return taken;
  }
};

std::vector<std::size_t> run(diligent_worker& worker, std::size_t times, duration each) {
  std::vector<std::size_t> taken;
  while (taken.size() < times) taken.push_back(worker.take_and_run(each));
  return taken;
}

}  // namespace

TEST_CASE("tasks that prove short are taken in batches that double, up to 32") {
  diligent_worker worker;
  CHECK(run(worker, 9, 100ns) == std::vector<std::size_t>{1, 1, 2, 4, 8, 16, 32, 32, 32});
}

TEST_CASE("a task of exactly one microsecond is short, a longer one is not") {
  diligent_worker at_the_limit, above;
  CHECK(run(at_the_limit, 4, 1us) == std::vector<std::size_t>{1, 1, 2, 4});
  CHECK(run(above, 4, 1001ns) == std::vector<std::size_t>{1, 1, 1, 1});
}

TEST_CASE("after one long batch tasks are taken one by one again") {
  diligent_worker worker;
  run(worker, 9, 100ns);
  CHECK(worker.take_and_run(2us) == 32);
  CHECK(worker.take_and_run(100ns) == 32);  // decided before the long ones had run
  CHECK(worker.take_and_run(100ns) == 1);
}

TEST_CASE("a worker that had nothing to do begins anew") {
  diligent_worker worker;
  run(worker, 9, 100ns);
  worker.now += 1ms;
  worker.take_and_run(100ns);
  CHECK(worker.limit.now() == 1);
}

TEST_CASE("a count that wraps does no harm") {
  diligent_worker worker;
  worker.claimed = ~0U - 40;
  for (int n = 0; n < 2; ++n) worker.limit.taken(worker.claimed, worker.now);
  REQUIRE(worker.limit.now() == 1);
  CHECK(run(worker, 8, 100ns) == std::vector<std::size_t>{1, 1, 2, 4, 8, 16, 32, 32});
}
