#include <workpool/detail/posix/readiness.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;
using namespace std::chrono_literals;

TEST_CASE("of several descriptors those that are ready are named") {
  const pipe_ends quiet = pipe_ends::make(), loud = pipe_ends::make();
  workpool_test::write_text(loud.writing.get(), "x");
  readiness both;
  const auto first = both.watch(quiet.reading.get());
  const auto second = both.watch(loud.reading.get());
  both.wait();
  CHECK_FALSE(both.ready(first));
  CHECK(both.ready(second));
  both.clear();
  CHECK(both.watch(quiet.writing.get(), wanted_events::writing) == 0);
  both.wait();
  CHECK(both.ready(0));
}

TEST_CASE("an end whose other end is gone is ready, also to be found out by writing") {
  pipe_ends pipe = pipe_ends::make();
  pipe.writing.reset();
  CHECK(ready_within(pipe.reading.get(), 0s));
  socket_pair sockets = socket_pair::make(socket_kind::packets);
  sockets.left.reset();
  readiness one;
  one.watch(sockets.right.get(), wanted_events::both);
  one.wait();
  CHECK(one.ready(0));
}

TEST_CASE("waiting for what does not come ends when it should, and not before") {
  const pipe_ends pipe = pipe_ends::make();
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(ready_within(pipe.reading.get(), 20ms));
  CHECK(std::chrono::steady_clock::now() - begin >= 20ms);
  CHECK_FALSE(ready_within(pipe.reading.get(), -1s));
  CHECK(ready_within(pipe.writing.get(), 0s, wanted_events::writing));
}
