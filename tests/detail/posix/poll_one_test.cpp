#include <workpool/detail/posix/poll_one.hpp>

#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/catch.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

using namespace std::chrono_literals;
using namespace workpool::detail;
using clock_type = std::chrono::steady_clock;

TEST_CASE("a poll ends at its deadline and not before") {
  const pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  const auto deadline = clock_type::now() + 5ms;
  CHECK_FALSE(poll_one(pipe.reading.get(), poll_for::reading, deadline));
  CHECK(clock_type::now() >= deadline);
}

TEST_CASE("a deadline that has passed still looks once") {
  const pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  for (const auto passed : {clock_type::time_point::min(), clock_type::time_point{}, clock_type::now()}) {
    CHECK_FALSE(poll_one(pipe.reading.get(), poll_for::reading, passed));
    CHECK(poll_one(pipe.writing.get(), poll_for::writing, passed));
  }
  REQUIRE(::write(pipe.writing.get(), "x", 1) == 1);
  CHECK(poll_one(pipe.reading.get(), poll_for::reading, clock_type::time_point::min()));
}

TEST_CASE("a deadline far away is no overflow") {
  const pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  CHECK(poll_one(pipe.writing.get(), poll_for::writing, clock_type::time_point::max() - 1ns));
  CHECK(poll_one(pipe.writing.get(), poll_for::either, clock_type::time_point::max()));
}

TEST_CASE("an end and a descriptor that is none are ready") {
  pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  pipe.writing.reset();
  CHECK(poll_one(pipe.reading.get(), poll_for::reading, clock_type::time_point::max()));
  CHECK(poll_one(-1, poll_for::reading, clock_type::time_point::max()));
  const int gone = pipe.reading.get();
  pipe.reading.reset();
  CHECK(poll_one(gone, poll_for::either, clock_type::time_point::max()));
}

namespace {

std::atomic<int> interruptions{0};

extern "C" void count_interruption(int) { ++interruptions; }

}  // namespace

TEST_CASE("a signal does not end a poll") {
  const pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  struct sigaction counting {};
  counting.sa_handler = count_interruption;
  struct sigaction before {};
  REQUIRE(::sigaction(SIGUSR1, &counting, &before) == 0);
  interruptions = 0;
  std::atomic<bool> over{false};
  bool ready = false;
  std::thread waits([&] {
    ready = poll_one(pipe.reading.get(), poll_for::reading, clock_type::now() + 20s);
    over = true;
  });
  const pthread_t thread = waits.native_handle();
  while (interruptions < 20 && !over) {
    ::pthread_kill(thread, SIGUSR1);
    std::this_thread::yield();
  }
  CHECK_FALSE(over);
  REQUIRE(::write(pipe.writing.get(), "x", 1) == 1);
  waits.join();
  CHECK(ready);
  CHECK(interruptions >= 20);
  REQUIRE(::sigaction(SIGUSR1, &before, nullptr) == 0);
}

TEST_CASE("a socket whose other end is closed is told from one that is only silent") {
  socket_pair both = socket_pair::make(socket_kind::stream);
  REQUIRE(both);
  CHECK_FALSE(other_end_is_gone(both.left.get()));
  both.right.reset();
  CHECK(other_end_is_gone(both.left.get()));
}
