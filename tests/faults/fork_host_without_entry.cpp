// A program whose main has no worker_entry: with threads a fork pool is refused and told what to do, with one it works.
//   fork_host_without_entry

#include <thread>

#include "fault.hpp"
#include "fork_host.hpp"

namespace wp = workpool;

int main() {
  if (fault::forks_are_odd) return fault::skipped;
  const workpool_test::hang_trap trap("fork_host_without_entry");
  const auto descriptors = workpool_test::open_descriptors();
  std::thread([&] {
    const std::string text = fault::thrown_text<wp::unsafe_fork>([] { wp::fork_pool pool(1); });
    fault::expect_text(text, {"include <workpool/worker_entry.hpp>", "first line"});
    for (const auto start : {wp::start_method::zygote, wp::start_method::exec}) {
      const std::string other =
          fault::thrown_text<wp::unsafe_fork>([&] { wp::fork_pool pool({.workers = 1, .start = start}); });
      fault::expect_text(other, {"worker_entry", std::string(to_string(start))});
    }
    wp::fork_pool wanted({.workers = 1, .start = wp::start_method::fork});  // who asks for it knows their threads
    fault::expect_service(wanted);
  }).join();
  fault::expect(workpool_test::open_descriptors() == descriptors, "no descriptor is left");
  const std::string text = fault::thrown_text<wp::unsafe_fork>([] {
    wp::fork_pool pool({.workers = 1, .env = {{"A", "b"}}, .clean_env = true});
  });
  fault::expect_text(text, {"clean_env", "worker_entry"});
  // The kernel forgets a thread that was joined a moment later.
  fault::expect(workpool_test::eventually([] { return wp::detail::count_threads() == 1; }), "one thread is left");
  {
    wp::fork_pool pool(2);  // one thread: the process itself is forked
    fault::expect_service(pool);
  }
  fault::expect(workpool_test::open_descriptors() == descriptors, "no descriptor is left in the end");
  return fault::failures;
}
