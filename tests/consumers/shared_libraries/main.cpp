// 0 when program and libraries can use pools of their own and of one another.
#include <atomic>
#include <latch>
#include <workpool/worker_entry.hpp>

#include "library.hpp"

#define NUMBER 300
#include "checks.hpp"

namespace {

/// Two tasks wait for each other, the one in the program, the other in the library. Gives: how many are refused.
int wait_in_a_circle(const library& one) {
  wp::thread_pool here{1}, there{1};
  wp::future<void> first, second;
  std::latch made(3);
  std::atomic<int> refused = 0;
  const auto wait = [&](auto how) {
    made.arrive_and_wait();
    try {
      how();
    } catch (const wp::would_deadlock&) {
      ++refused;
    }
  };
  first = here.submit([&] { wait([&] { second.wait(); }); });
  second = there.submit([&] { wait([&] { one.wait_for(first); }); });
  made.arrive_and_wait();
  first.wait();
  second.wait();
  return refused;
}

void check_between(tally& seen, const library& one) {
  wp::thread_pool threads{1};
  wp::fork_pool children{{.workers = 1}};
  seen.expect(one.ask_threads(threads) == 1 + one.number, "a task of the library in a thread of the program");
  seen.expect(one.ask_children(children) == 1 + one.number, "a task of the library in a child of the program");
  seen.expect(children.submit(one.add_number, 1).get() == 1 + one.number, "a function of the library");
  // The only worker waits for what it has to run itself.
  seen.expect(threads.submit([&] { return one.ask_threads(threads); }).get() == 1 + one.number,
              "the library waits for a task in a task of the program");
  seen.expect(threads.submit(one.is_inside_a_task).get() && !one.is_inside_a_task(), "the library sees where it is");
  seen.expect(wait_in_a_circle(one) == 1, "a circle of waits");
  threads.shutdown();
  try {
    one.ask_threads(threads);
  } catch (const wp::pool_stopped& error) {
    seen.expect(error.code() == wp::errc::pool_stopped, "a refusal that the library passes on");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;
  constexpr int checks_of_own = 13, checks_between = 7;
  tally own("program");
  check_threads(own);
  check_children(own);
  bool good = own.right() == checks_of_own;
  for (const library* one : {&first(), &second()}) {
    const int right = one->check_own_pools();
    tally between(one->name);
    check_between(between, *one);
    std::printf("%s: %d alone, %d with the program\n", one->name, right, between.right());
    good = good && right == checks_of_own && between.right() == checks_between;
  }
  return good ? 0 : 1;
}
