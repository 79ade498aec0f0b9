// The system has no process to give, or hides what processes are: who runs goes on, who cannot be started is told with
// the reason, and everything is as before when that is over. Needs root: it becomes another user, whose number of
// processes it limits, or hides /proc from itself.
//   fork_spawn_failure processes | proc

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "fork_host.hpp"
#include "support/other_user.hpp"

#include <sys/mount.h>  // last: its BLOCK_SIZE is a macro, and a name of moodycamel's

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

int parent_number() { return ::getppid(); }

void processes() {
  wp::fork_pool pool({.workers = 2, .restart = {.max_restarts = 1'000'000, .backoff = {.initial = 5ms, .factor = 1}}});
  const int zygote = pool.submit(parent_number).get();
  rlimit before{};
  ::prlimit(zygote, RLIMIT_NPROC, nullptr, &before);
  const rlimit none{0, before.rlim_max};
  fault::expect_equal(::prlimit(zygote, RLIMIT_NPROC, &none, nullptr), 0, "limiting the process that starts workers");
  const int gone = pool.workers()[0].pid;
  ::kill(gone, SIGKILL);
  fault::expect(workpool_test::eventually([&] { return !workpool_test::runs(gone); }), "a worker has died");
  for (int n = 0; n < 50; ++n) fault::expect_equal(pool.submit(fault::twice, n).get(), 2 * n, "a result");
  const std::string text = fault::thrown_text<wp::spawn_failed>([] { wp::fork_pool other(1); });
  fault::expect_text(text, {"Resource temporarily unavailable"});
  fault::expect_equal(pool.stats().workers_started, 2U, "workers started so far");
  fault::expect(pool.stats().worker_lost == 0, "no task is lost");
  fault::expect_equal(::prlimit(zygote, RLIMIT_NPROC, &before, nullptr), 0, "the limit of before");
  fault::expect(workpool_test::eventually([&] { return pool.stats().workers_started == 3; }), "both workers are back");
  fault::expect_service(pool);
}

bool own_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

void proc() {
  {
    wp::fork_pool pool(2);
    fault::expect_equal(::mount("none", "/proc", "tmpfs", 0, nullptr), 0, "hiding /proc");
    fault::expect_service(pool);  // with a worker that is started now
  }
  for (const auto start : {wp::start_method::zygote, wp::start_method::exec}) {
    const std::string text =
        fault::thrown_text<wp::spawn_failed>([&] { wp::fork_pool pool({.workers = 1, .start = start}); });
    fault::expect_text(text, {"/proc/self/exe", "No such file or directory"});
  }
  wp::fork_pool pool({.workers = 1, .start = wp::start_method::fork});
  fault::expect_service(pool);
  ::umount("/proc");
  wp::fork_pool again(1);
  fault::expect_service(again);
}

}  // namespace

int forking_main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const workpool_test::hang_trap trap("fork_spawn_failure " + mode);
  if (mode == "processes") {
    if (!workpool_test::become_another_user() || ::access("/proc/self/exe", X_OK) != 0) return fault::skipped;
    processes();
  } else if (mode == "proc") {
    if (fault::forks_are_odd || !own_mounts()) return fault::skipped;
    proc();
  } else {
    return 2;
  }
  return fault::failures;
}
