// A fork pool that is static, or a global made before main, drains at exit like any other; when it is idle exit takes
// less than 50 ms; none of its processes is left.
//   fork_static_pool_at_exit local | early [idle | queued | crashing]

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <workpool/config.hpp>

#include "fork_host.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr auto limit = std::chrono::milliseconds(WORKPOOL_UNDER_TSAN || WORKPOOL_UNDER_ASAN ? 500 : 50);
constexpr std::chrono::seconds patience{20};  // with other processes, which may take the processor away for as long

std::string mode, where;
clock_type::time_point end_of_main, last_attempt;
bool timed = false, is_host = false;
std::vector<int> workers;
std::int64_t expected = 0;
std::unique_ptr<workpool_test::shared_numbers_side> numbers;

const workpool_test::hang_trap trap("fork_static_pool_at_exit");

void count(workpool_test::shared_numbers all) { ++all.row()[0]; }

/// Destroyed after the pool.
struct last_word {
  ~last_word() {
    if (!is_host) return;  // a worker that calls exit
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - end_of_main);
    fault::expect_equal((*numbers)[0], expected, "number of tasks that ran before the end");
    for (const int one : workers) fault::expect(!workpool_test::runs(one), "a worker is gone before the end");
    if (timed && took >= limit && fault::failures == 0) {
      if (clock_type::now() < last_attempt) {
        const std::chrono::nanoseconds until = last_attempt.time_since_epoch();
        ::execl("/proc/self/exe", "fork_static_pool_at_exit", where.c_str(), mode.c_str(),
                std::to_string(until.count()).c_str(), nullptr);
      }
      fault::expect(false, "exit took " + std::to_string(took.count()) + " ms, less than " +
                               std::to_string(limit.count()) + " ms");
    }
    if (fault::failures != 0) std::_Exit(1);
  }
} at_end;

constexpr const char* early_variable = "WORKPOOL_TEST_EARLY";
struct global_pool {
  global_pool() {
    // worker_entry has not been called: the pool forks this process, which has one thread.
    if (std::getenv(early_variable) != nullptr && std::getenv("WORKPOOL_ROLE") == nullptr) pool.emplace(2);
  }
  std::optional<wp::fork_pool> pool{};
} global;

}  // namespace

int forking_main(int argc, char** argv) {
  where = argc > 1 ? argv[1] : "local";
  mode = argc > 2 ? argv[2] : "idle";
  last_attempt =
      argc > 3 ? clock_type::time_point(std::chrono::nanoseconds(std::atoll(argv[3]))) : clock_type::now() + patience;
  if (where == "early" && !global.pool) {
    ::setenv(early_variable, "1", 1);
    ::execv("/proc/self/exe", argv);
    return 2;
  }
  is_host = true;
  numbers = std::make_unique<workpool_test::shared_numbers_side>();
  static std::optional<wp::fork_pool> local;
  if (where == "local") local.emplace(2);
  wp::fork_pool& pool = where == "local" ? *local : *global.pool;
  pool.submit(fault::twice, 1).get();
  for (const auto& one : pool.workers()) workers.push_back(one.pid);
  timed = mode == "idle";
  for (int n = 0; n < (mode == "idle" ? 0 : 500); ++n, ++expected) {
    if (mode == "crashing" && n % 100 == 50) pool.post({.name = "doomed"}, fault::leave_with, 1);
    pool.post(count, numbers->handle());
  }
  end_of_main = clock_type::now();
  return 0;
}
