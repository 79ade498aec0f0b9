// A host forks while a pool runs: in the child every use of the pool throws forked_child, its destructor does nothing,
// and the child can exit; the parent does not notice.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

const workpool_test::hang_trap trap("host_fork");  // destroyed after the pool
wp::thread_pool pool{{.name = "parents", .workers = 2}};

template <class Call>
void refused(const std::string& what, Call call) {
  const std::string text = fault::thrown_text<wp::forked_child>(call);
  fault::expect(!text.empty(), what + " throws forked_child");
  fault::expect_text(text, {"'parents'", "belongs to the process that forked"});
}

void in_the_child() {
  refused("submit", [] { static_cast<void>(pool.submit([] {})); });
  refused("try_submit", [] { static_cast<void>(pool.try_submit([] {})); });
  refused("post", [] { pool.post([] {}); });
  refused("submit_bulk", [] { static_cast<void>(pool.submit_bulk(2, [](std::size_t) {})); });
  refused("post_after", [] { pool.post_after(1ms, [] {}); });
  refused("post_every", [] { static_cast<void>(pool.post_every(1ms, [] {})); });
  refused("pause", [] { pool.pause(); });
  refused("resume", [] { pool.resume(); });
  refused("resize", [] { pool.resize(1); });
  refused("purge", [] { static_cast<void>(pool.purge()); });
  refused("wait_idle", [] { pool.wait_idle(); });
  refused("wait_idle_for", [] { static_cast<void>(pool.wait_idle_for(1ms)); });
  refused("shutdown", [] { static_cast<void>(pool.shutdown()); });
  refused("stats", [] { static_cast<void>(pool.stats()); });
  refused("workers", [] { static_cast<void>(pool.workers()); });
}

bool is_child = false;

}  // namespace

/// Asked by LeakSanitizer at the exit of a process. It would wait for ever for a lock of its allocator that a worker of
/// the parent held when it forked.
extern "C" int __lsan_is_turned_off();  // NOLINT: the sanitizer's name
extern "C" int __lsan_is_turned_off() { return is_child ? 1 : 0; }

int main() {
  std::atomic<bool> go_on{true};
  std::atomic<int> ran{0};
  auto busy = pool.submit([&] {
    while (go_on) ++ran;
  });
  for (int round = 0; round < 20; ++round) {
    for (int n = 0; n < 50; ++n) pool.post([&] { ++ran; });
    const pid_t child = ::fork();
    if (child == 0) {
      is_child = true;
      in_the_child();
      std::exit(fault::failures);  // runs the destructor of the pool
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    fault::expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends by exit(0)");
  }
  go_on = false;
  busy.get();
  pool.wait_idle();
  fault::expect_equal(pool.stats().completed, 1001, "tasks the parent has completed");
  return fault::failures;
}
