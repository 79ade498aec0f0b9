#include <workpool/pool/timekeeper.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_owner.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using wp::detail::timekeeper;

namespace {

/// What was kept, in which order.
struct diary {
  std::mutex mutex;
  std::vector<int> kept;
  std::atomic<int> alive{0};

  std::vector<int> pages() {
    const std::lock_guard hold(mutex);
    return kept;
  }
};

/// Keeps the clock from keeping others.
class long_note final : public wp::detail::appointment {
 public:
  explicit long_note(gate& until) : until_(until) {}
  void keep() noexcept override { until_.wait(); }
  bool moot() const noexcept override { return false; }

 private:
  gate& until_;
};

class note final : public wp::detail::appointment {
 public:
  note(diary& in, int number, bool pointless = false) : in_(in), number_(number), pointless_(pointless) { ++in_.alive; }
  ~note() override { --in_.alive; }
  void keep() noexcept override {
    const std::lock_guard hold(in_.mutex);
    in_.kept.push_back(number_);
  }
  bool moot() const noexcept override { return pointless_; }

 private:
  diary& in_;
  int number_;
  bool pointless_;
};

/// A timekeeper and what it looks after.
struct clockwork final : wp::detail::deadline_watch {
  wp::time_point look(wp::time_point) noexcept override {
    ++looks;
    return next.load();
  }
  bool over() const noexcept override {
    ++asked;
    return finished;
  }

  void book(wp::time_point when, int number, bool pointless = false) {
    clock.enter(clock.book(when, std::make_unique<note>(kept, number, pointless)));
  }

  diary kept;
  std::atomic<int> looks{0};
  mutable std::atomic<int> asked{0};  // whether all is over
  std::atomic<wp::time_point> next{wp::time_point::max()};
  std::atomic<bool> finished{false};
  workpool_test::fake_owner owner;
  timekeeper clock{owner, *this, "test"};
};

}  // namespace

TEST_CASE("appointments are kept in the order of their times, and of booking where these are equal") {
  gate booked;
  clockwork here;
  here.clock.enter(here.clock.book(wp::steady::now(), std::make_unique<long_note>(booked)));
  booked.await_arrivals(1);
  const auto soon = wp::steady::now() + 20ms;
  here.book(soon + 2ms, 3);
  here.book(soon, 1);
  here.book(soon, 2);
  here.book(wp::steady::now() - 1s, 0);
  booked.open();
  CHECK(eventually([&] { return here.kept.pages().size() == 4; }));
  CHECK(here.kept.pages() == std::vector{0, 1, 2, 3});
  CHECK(wp::steady::now() >= soon + 2ms);
  here.clock.end();
  CHECK(here.kept.alive == 0);
  CHECK(here.owner.held() == 0);
}

TEST_CASE("what is booked when the clock ends is dropped") {
  clockwork here;
  here.book(wp::steady::now() + 1h, 1);
  CHECK(here.kept.alive == 1);
  here.clock.end();
  CHECK(here.kept.alive == 0);
  CHECK(here.kept.pages().empty());
}

TEST_CASE("a clock nobody used has no thread, and can be ended") {
  clockwork here;
  CHECK(here.owner.retained == 0);
  here.clock.end();
  CHECK(here.looks == 0);
}

TEST_CASE("the watch is asked when it wants to be, and at a deadline somebody sets") {
  clockwork here;
  here.clock.begin();
  CHECK(eventually([&] { return here.looks >= 1; }));
  const int before = here.looks;
  const auto soon = wp::steady::now() + 5ms;
  here.next = soon;
  here.clock.look_at(soon);
  CHECK(eventually([&] { return here.looks > before + 1; }));  // when it was told of the deadline, and at it
  CHECK(wp::steady::now() >= soon);
  here.next = wp::time_point::max();
  here.clock.end();
}

TEST_CASE("appointments that have become pointless do not pile up") {
  clockwork here;
  const auto later = wp::steady::now() + 1h;
  here.book(later, 1);
  for (int n = 0; n < 10'000; ++n) here.book(later, 0, true);
  CHECK(here.kept.alive < 1000);
  here.clock.end();
}

TEST_CASE("a dismissed clock goes by itself when its watch says that all is over") {
  clockwork here;
  here.book(wp::steady::now() + 1ms, 1);
  here.clock.dismiss();
  CHECK(eventually([&] { return here.kept.pages().size() == 1; }));
  CHECK(here.owner.held() == 1);
  here.finished = true;
  CHECK(eventually([&] { return here.owner.held() == 0; }));
}

TEST_CASE("a clock that sleeps without a limit when it is dismissed goes by itself, too") {
  for (int round = 0; round < 20; ++round) {
    clockwork here;
    here.clock.begin();
    REQUIRE(eventually([&] { return here.looks == 1; }));
    here.clock.dismiss();
    REQUIRE(eventually([&] { return here.asked != 0; }));
    here.finished = true;
    REQUIRE(eventually([&] { return here.owner.held() == 0; }));
  }
}

TEST_CASE("deadlines set while the clock is busy are not lost") {
  clockwork here;
  here.clock.begin();
  for (int round = 0; round < 2000; ++round) {
    const int before = here.looks;
    here.clock.look_at(wp::steady::now());
    REQUIRE(eventually([&] { return here.looks != before; }));
  }
  here.clock.end();
}

TEST_CASE("a cancelled appointment is handed back, the others are kept") {
  clockwork here;
  for (int number = 1; number <= 4; ++number) here.book(wp::steady::now() + 1h, number, number % 2 == 0);
  {
    const auto cancelled = here.clock.cancel([](const wp::detail::appointment& one) { return one.moot(); });
    CHECK(cancelled.size() == 2);
    CHECK(here.kept.alive == 4);
  }
  CHECK(here.kept.alive == 2);
  here.clock.end();
  CHECK(here.kept.pages().empty());
}
