#include <workpool/ipc/ring_channel.hpp>

#include <sys/resource.h>

#include <cerrno>
#include <cstddef>
#include <thread>
#include <utility>
#include <workpool/core/clock.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

namespace wp = workpool;
using workpool_test::byte_vector;
using workpool_test::patterned;

TEST_CASE("a frame that is larger than its ring passes while both sides copy") {
  auto both = wp::ring_channel::make_pair();
  REQUIRE(both);
  auto& [one, two] = *both;
  const byte_vector payload = patterned(5'000'000);
  std::thread sender([&] {
    wp::transfer how = one.send({.task = 1, .kind = wp::frame_kind::task}, payload);
    while (how == wp::transfer::blocked) {
      one.wait(wp::wait_for::writing, wp::time_point::max());
      how = one.flush();
    }
  });
  wp::frame got;
  wp::transfer how = wp::transfer::blocked;
  while (how == wp::transfer::blocked) {
    two.wait(wp::wait_for::reading, wp::time_point::max());
    how = two.receive(got);
  }
  sender.join();
  REQUIRE(how == wp::transfer::done);
  CHECK(got.payload == payload);
}

TEST_CASE("without descriptors there is no pair of rings, and errno says why") {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto both = wp::ring_channel::make_pair();
  const int why = errno;
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK_FALSE(both);
  CHECK(why == EMFILE);
}
