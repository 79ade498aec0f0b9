#include <workpool/detail/posix/poller.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/detail/posix/pipe.hpp>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using namespace workpool::detail;

namespace {

using events = std::array<poll_event, 16>;

/// What is ready now.
std::set<std::uint64_t> tokens(poller& watching) {
  events happened;
  std::set<std::uint64_t> found;
  for (const poll_event& one : watching.wait(happened, steady_clock::time_point{})) found.insert(one.token);
  return found;
}

}  // namespace

TEST_CASE("what is ready is told with its token, and told again until it is read") {
  poller watching = poller::make();
  const event_fd quiet = event_fd::make(), rung = event_fd::make();
  REQUIRE((watching && quiet && rung));
  constexpr std::uint64_t large = 0xfedc'ba98'7654'3210;
  REQUIRE(watching.add(quiet.get(), interest::reading, 1));
  REQUIRE(watching.add(rung.get(), interest::reading, large));
  CHECK(tokens(watching).empty());
  rung.ring();
  CHECK(tokens(watching) == std::set<std::uint64_t>{large});
  CHECK(tokens(watching) == std::set<std::uint64_t>{large});
  rung.clear();
  CHECK(tokens(watching).empty());
}

TEST_CASE("what was removed is not told any more, and what was modified is told with its new token") {
  poller watching = poller::make();
  const event_fd first = event_fd::make(), second = event_fd::make();
  REQUIRE((watching && first && second));
  REQUIRE(watching.add(first.get(), interest::reading, 1));
  REQUIRE(watching.add(second.get(), interest::reading, 2));
  first.ring();
  second.ring();
  CHECK(tokens(watching) == std::set<std::uint64_t>{1, 2});
  REQUIRE(watching.remove(first.get()));
  REQUIRE(watching.modify(second.get(), interest::both, 3));
  CHECK(tokens(watching) == std::set<std::uint64_t>{3});
  CHECK_FALSE(watching.remove(first.get()));
  CHECK(errno == ENOENT);
  CHECK_FALSE(watching.add(second.get(), interest::reading, 4));
  CHECK(errno == EEXIST);
}

TEST_CASE("the last writer of a pipe that goes is told, after what it wrote") {
  poller watching = poller::make();
  pipe_ends ends = pipe_ends::make();
  REQUIRE((watching && ends));
  REQUIRE(watching.add(ends.reading.get(), interest::reading, 7));
  REQUIRE(::write(ends.writing.get(), "x", 1) == 1);
  ends.writing.reset();
  events happened;
  const auto told = watching.wait(happened);
  REQUIRE(told.size() == 1);
  CHECK(told[0].readable());
  CHECK(told[0].hung_up());
  char byte = 0;
  CHECK(::read(ends.reading.get(), &byte, 1) == 1);
  CHECK(tokens(watching) == std::set<std::uint64_t>{7});
}

TEST_CASE("a pipe nobody reads is told to its writer, who may not have asked for reading") {
  poller watching = poller::make();
  pipe_ends ends = pipe_ends::make();
  REQUIRE((watching && ends));
  REQUIRE(watching.add(ends.writing.get(), interest::writing, 7));
  events happened;
  const auto room = watching.wait(happened);
  REQUIRE(room.size() == 1);
  CHECK(room[0].writable());
  CHECK_FALSE(room[0].hung_up());
  CHECK_FALSE(room[0].readable());
  ends.reading.reset();
  const auto gone = watching.wait(happened);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].hung_up());
  CHECK(gone[0].writable());
}

TEST_CASE("a descriptor nothing is wanted of tells its end once at most, and everything again when it is wanted") {
  poller watching = poller::make();
  pipe_ends ends = pipe_ends::make();
  REQUIRE((watching && ends));
  REQUIRE(watching.add(ends.reading.get(), interest::reading, 7));
  REQUIRE(watching.modify(ends.reading.get(), interest::nothing, 7));
  REQUIRE(::write(ends.writing.get(), "x", 1) == 1);
  CHECK(tokens(watching).empty());
  ends.writing.reset();
  tokens(watching);
  CHECK(tokens(watching).empty());
  CHECK(tokens(watching).empty());
  REQUIRE(watching.modify(ends.reading.get(), interest::reading, 8));
  CHECK(tokens(watching) == std::set<std::uint64_t>{8});
  CHECK(tokens(watching) == std::set<std::uint64_t>{8});
}

TEST_CASE("a wait ends at its deadline and never before, whichever way the kernel offers") {
  const timed_wait how = GENERATE(timed_wait::epoll_pwait2, timed_wait::ppoll);
  poller watching = poller::make(how);
  const event_fd bell = event_fd::make();
  REQUIRE((watching && bell));
  REQUIRE(watching.add(bell.get(), interest::reading, 1));
  events happened;
  auto least_late = 1h + 0ns;
  for (int n = 0; n < 50; ++n) {
    const auto deadline = steady_clock::now() + 100us + n * 2us;
    REQUIRE(watching.wait(happened, deadline).empty());
    const auto late = steady_clock::now() - deadline;
    REQUIRE(late >= 0ns);
    least_late = std::min(least_late, std::chrono::nanoseconds(late));
  }
  CHECK(least_late < 600us);  // a wait that counts in milliseconds is at least that late at some of these deadlines
}

TEST_CASE("what comes before the deadline is told at once, whichever way the kernel offers") {
  const timed_wait how = GENERATE(timed_wait::epoll_pwait2, timed_wait::ppoll);
  const auto deadline = GENERATE(steady_clock::time_point::max(), steady_clock::time_point::max() - 1ns);
  poller watching = poller::make(how);
  const event_fd bell = event_fd::make();
  REQUIRE((watching && bell));
  REQUIRE(watching.add(bell.get(), interest::reading, 5));
  std::jthread ringer([&] { bell.ring(); });
  events happened;
  const auto told = watching.wait(happened, deadline);
  REQUIRE(told.size() == 1);
  CHECK(told[0].token == 5);
}

TEST_CASE("a deadline that has passed still tells what is ready, and else does not sleep") {
  poller watching = poller::make();
  const event_fd bell = event_fd::make();
  REQUIRE((watching && bell));
  REQUIRE(watching.add(bell.get(), interest::reading, 1));
  events happened;
  for (const auto past : {steady_clock::now() - 1ns, steady_clock::time_point{}, steady_clock::time_point::min()}) {
    CHECK(watching.wait(happened, past).empty());
  }
  bell.ring();
  CHECK(watching.wait(happened, steady_clock::time_point::min()).size() == 1);
}

TEST_CASE("more ready descriptors than the caller has room for take turns") {
  poller watching = poller::make();
  std::vector<event_fd> bells;
  for (std::uint64_t n = 0; n < 100; ++n) {
    bells.push_back(event_fd::make());
    REQUIRE(bells.back());
    bells.back().ring();
    REQUIRE(watching.add(bells.back().get(), interest::reading, n));
  }
  std::set<std::uint64_t> seen;
  events happened;
  for (int n = 0; n < 14; ++n) {
    const auto told = watching.wait(happened);
    CHECK(told.size() == happened.size());
    for (const poll_event& one : told) seen.insert(one.token);
  }
  CHECK(seen.size() == bells.size());
}

namespace {

std::atomic<int> signals_seen{0};
void count_signal(int) { signals_seen.fetch_add(1); }

}  // namespace

TEST_CASE("signals do not end a wait") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = count_signal;
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  const timed_wait how = GENERATE(timed_wait::epoll_pwait2, timed_wait::ppoll);
  poller watching = poller::make(how);
  const event_fd bell = event_fd::make();
  REQUIRE((watching && bell));
  REQUIRE(watching.add(bell.get(), interest::reading, 1));
  signals_seen = 0;
  std::atomic<bool> ended{false};
  std::size_t told = 0;
  std::thread waiter([&] {
    events happened;
    told = watching.wait(happened, steady_clock::now() + 1h).size();
    ended = true;
  });
  while (signals_seen < 20) {
    ::pthread_kill(waiter.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  CHECK_FALSE(ended);
  bell.ring();
  waiter.join();
  CHECK(told == 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_CASE("a poller is not inherited by programs, and one that is not there says so") {
  poller watching = poller::make();
  REQUIRE(watching);
  CHECK(watching.get() >= 3);
  CHECK((::fcntl(watching.get(), F_GETFD) & FD_CLOEXEC) != 0);
  poller none;
  CHECK_FALSE(none);
  events happened;
  CHECK(none.wait(happened, steady_clock::now() + 1h).empty());
  CHECK(errno == EBADF);
  CHECK_FALSE(none.add(watching.get(), interest::reading, 1));
}
