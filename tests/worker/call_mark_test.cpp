#include <workpool/worker/call_mark.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

#include "support/catch.hpp"

using workpool::detail::call_mark;

TEST_CASE("a mark says how many calls have begun, and nothing begins once the rest was taken back") {
  call_mark mark;
  CHECK(mark.begun() == 0);
  CHECK(mark.begin(1));
  CHECK(mark.begin(2));
  CHECK(mark.begun() == 2);
  CHECK(mark.revoke() == 2);
  CHECK_FALSE(mark.begin(3));
  mark.renew();
  CHECK(mark.begun() == 3);
  CHECK(mark.begin(4));
}

TEST_CASE("no call is made beyond those that its host counts when it takes the rest back") {
  for (int round = 0; round < 2000; ++round) {
    call_mark mark;
    std::atomic<std::uint64_t> made{0};
    std::thread worker([&] {
      for (std::uint64_t next = 1; mark.begin(next); ++next) made.store(next);
    });
    while (made.load() == 0) std::this_thread::yield();
    const std::uint64_t counted = mark.revoke();
    worker.join();
    // Of those that are counted one may have seen that it was taken back, and was not made.
    CHECK(made.load() <= counted);
    CHECK(made.load() + 1 >= counted);
  }
}
