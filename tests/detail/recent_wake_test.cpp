#include <workpool/detail/recent_wake.hpp>

#include "support/catch.hpp"

#include <thread>
#include <workpool/detail/parking.hpp>

using workpool::detail::parking;
using workpool::detail::recent_wake;

TEST_CASE("a wake is recent once, and only to the thread that did it") {
  static_cast<void>(recent_wake::take());  // of a test before this one
  CHECK_FALSE(recent_wake::take());
  recent_wake::note();
  bool elsewhere = true;
  std::thread([&] { elsewhere = recent_wake::take(); }).join();
  CHECK_FALSE(elsewhere);
  CHECK(recent_wake::take());
  CHECK_FALSE(recent_wake::take());
}

TEST_CASE("a notify is a wake where somebody is parked, and else is none") {
  static_cast<void>(recent_wake::take());
  parking place;
  place.notify_one();
  CHECK_FALSE(recent_wake::take());
  const auto announced = place.announce();
  place.notify_one();
  CHECK(recent_wake::take());
  place.park(announced);
}
