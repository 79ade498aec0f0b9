// A pool that is a global drains at exit like any other, and when it is idle exit takes less than 50 ms.
//   static_pool_at_exit idle | queued | paused | unused

#include <atomic>
#include <chrono>
#include <string>
#include <vector>
#include <workpool/config.hpp>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"

namespace wp = workpool;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr auto limit = std::chrono::milliseconds(WORKPOOL_UNDER_TSAN || WORKPOOL_UNDER_ASAN ? 500 : 50);
constexpr std::chrono::seconds patience{20};  // with other processes, which may take the processor away for as long

std::vector<std::string> command;
clock_type::time_point end_of_main, last_attempt;
std::atomic<int> ran{0};
int expected = 0;
bool timed = false;

const workpool_test::hang_trap trap("static_pool_at_exit");  // destroyed after the pool

/// Destroyed after the pool.
struct last_word {
  ~last_word() {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - end_of_main);
    fault::expect_equal(ran.load(), expected, "number of tasks that ran before the end");
    if (timed && took >= limit && fault::failures == 0) {
      if (clock_type::now() < last_attempt) {
        ::execl("/proc/self/exe", command[0].c_str(), command[1].c_str(), command[2].c_str(), nullptr);
      }
      fault::expect(false, "exit took " + std::to_string(took.count()) + " ms, less than " +
                               std::to_string(limit.count()) + " ms");
    }
    if (fault::failures != 0) std::_Exit(1);
  }
} at_end;

wp::thread_pool pool{{.name = "global", .workers = 2}};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  last_attempt =
      argc > 2 ? clock_type::time_point(std::chrono::nanoseconds(std::stoll(argv[2]))) : clock_type::now() + patience;
  command = {argv[0], argv[1], std::to_string(std::chrono::nanoseconds(last_attempt.time_since_epoch()).count())};
  const std::string mode = argv[1];
  timed = mode == "idle" || mode == "unused";
  if (mode == "idle") {
    expected = 1;
    pool.submit([] { ++ran; }).get();
  } else if (mode == "queued") {
    expected = 1000;
    for (int n = 0; n < expected; ++n) pool.post([] { ++ran; });
  } else if (mode == "paused") {
    expected = 100;
    pool.pause();
    for (int n = 0; n < expected; ++n) pool.post([] { ++ran; });
  }
  end_of_main = clock_type::now();
  return 0;
}
