#include <workpool/core/manual_clock.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using workpool::duration;
using workpool::manual_clock;
using workpool::time_point;

namespace {

constexpr time_point at(duration since_start) { return time_point(since_start); }

}  // namespace

TEST_CASE("a manual clock stands still until it is advanced") {
  manual_clock clock;
  CHECK(clock.now() == time_point{});
  CHECK(clock.now() == time_point{});
  clock.advance(3s);
  CHECK(clock.now() == at(3s));
  CHECK(manual_clock(at(5s)).now() == at(5s));
}

TEST_CASE("a manual clock never goes back") {
  manual_clock clock(at(5s));
  clock.advance(-2s);
  CHECK(clock.now() == at(5s));
}

TEST_CASE("a manual clock saturates at the end of time") {
  manual_clock clock(at(5s));
  bool called = false;
  clock.call_at(time_point::max(), [&] { called = true; });
  clock.advance(duration::max());
  CHECK(clock.now() == time_point::max());
  CHECK(called);
  clock.advance(1s);
  CHECK(clock.now() == time_point::max());
}

TEST_CASE("functions run in order of time, each at its own, and equal times in order of call_at") {
  manual_clock clock;
  std::vector<std::string> seen;
  const auto note = [&](const char* name) {
    return [&, name] { seen.push_back(name + std::to_string(clock.now().time_since_epoch() / 1s)); };
  };
  clock.call_at(at(3s), note("c"));
  clock.call_at(at(1s), note("a"));
  clock.call_at(at(2s), note("b"));
  clock.call_at(at(2s), note("B"));
  clock.call_at(at(9s), note("late"));
  clock.advance(5s);
  CHECK(seen == std::vector<std::string>{"a1", "b2", "B2", "c3"});
  CHECK(clock.now() == at(5s));
}

TEST_CASE("a function due exactly at the end of a step runs, one nanosecond later does not") {
  manual_clock clock;
  int calls = 0;
  clock.call_at(at(1s), [&] { ++calls; });
  clock.call_at(at(1s + 1ns), [&] { ++calls; });
  clock.advance(1s);
  CHECK(calls == 1);
  clock.advance(1ns);
  CHECK(calls == 2);
}

TEST_CASE("a function for a time that has passed runs with the next step, also one of 0") {
  manual_clock clock(at(10s));
  time_point seen{};
  clock.call_at(at(2s), [&] { seen = clock.now(); });
  CHECK(seen == time_point{});
  clock.advance(0s);
  CHECK(seen == at(10s));
}

TEST_CASE("a cancelled function does not run and its captures are gone") {
  manual_clock clock;
  const auto captured = std::make_shared<int>(0);
  auto call = clock.call_at(at(1s), [captured] { ++*captured; });
  call.cancel();
  CHECK(captured.use_count() == 1);
  clock.advance(2s);
  CHECK(*captured == 0);
  call.cancel();
}

TEST_CASE("a function that ran is destroyed, and cancelling it does nothing") {
  manual_clock clock;
  const auto captured = std::make_shared<int>(0);
  auto call = clock.call_at(at(1s), [captured] { ++*captured; });
  clock.advance(1s);
  CHECK(*captured == 1);
  CHECK(captured.use_count() == 1);
  call.cancel();
}

TEST_CASE("a subscription may outlive its clock") {
  const auto captured = std::make_shared<int>(0);
  workpool::subscription call;
  {
    manual_clock clock;
    call = clock.call_at(at(1s), [captured] {});
    CHECK(captured.use_count() == 2);
  }
  CHECK(captured.use_count() == 1);
  call.cancel();
}

TEST_CASE("a function may cancel itself and others") {
  manual_clock clock;
  workpool::subscription first, second;
  int calls = 0;
  first = clock.call_at(at(1s), [&] {
    ++calls;
    first.cancel();
    second.cancel();
  });
  second = clock.call_at(at(1s), [&] { ++calls; });
  clock.advance(1s);
  CHECK(calls == 1);
}

TEST_CASE("what a function adds within the step runs in the same step") {
  manual_clock clock;
  std::vector<time_point> ticks;
  std::function<void()> tick = [&] {
    ticks.push_back(clock.now());
    clock.call_at(workpool::after(clock.now(), 1s), tick);
  };
  clock.call_at(at(1s), tick);
  clock.advance(3500ms);
  CHECK(ticks == std::vector<time_point>{at(1s), at(2s), at(3s)});
}

TEST_CASE("a function may advance the clock, which never goes back for it") {
  manual_clock clock;
  std::vector<time_point> seen;
  clock.call_at(at(1s), [&] {
    clock.advance(5s);
    seen.push_back(clock.now());
  });
  clock.call_at(at(2s), [&] { seen.push_back(clock.now()); });
  clock.advance(3s);
  CHECK(seen == std::vector<time_point>{at(2s), at(6s)});
  CHECK(clock.now() == at(6s));
}

TEST_CASE("an exception of a function leaves the clock at that function's time and usable") {
  manual_clock clock;
  int calls = 0;
  const auto captured = std::make_shared<int>(0);
  auto failing = clock.call_at(at(1s), [captured] { throw std::runtime_error("boom"); });
  clock.call_at(at(2s), [&] { ++calls; });
  CHECK_THROWS_AS(clock.advance(3s), std::runtime_error);
  CHECK(clock.now() == at(1s));
  CHECK(calls == 0);
  CHECK(captured.use_count() == 1);
  failing.cancel();
  clock.advance(1s);
  CHECK(calls == 1);
}

TEST_CASE("an empty function is refused") {
  manual_clock clock;
  CHECK_THROWS_AS(clock.call_at(at(1s), nullptr), std::bad_function_call);
}

TEST_CASE("steps of several threads add up, and one function runs at a time") {
  manual_clock clock;
  std::atomic<int> inside = 0, overlaps = 0;
  int calls = 0;
  time_point last{};
  bool ordered = true;
  const auto function = [&] {
    if (++inside != 1) ++overlaps;
    ++calls;
    ordered = ordered && last <= clock.now();
    last = clock.now();
    --inside;
  };
  for (int i = 1; i <= 400; ++i) clock.call_at(at(i * 1ms), function);
  {
    std::latch start(4);
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < 100; ++i) {
          clock.advance(1ms);
          clock.call_at(clock.now(), [] {});
        }
      });
    }
  }
  CHECK(clock.now() == at(400ms));
  CHECK(overlaps == 0);
  CHECK(calls == 400);
  CHECK(ordered);
}

TEST_CASE("who advances while another thread does waits for its turn") {
  manual_clock clock;
  std::atomic<bool> other_function_ran = false;
  bool overlapped = true;
  std::jthread other;
  clock.call_at(at(1s), [&] {
    std::latch begun(1);
    other = std::jthread([&] {
      begun.count_down();
      clock.advance(5s);
    });
    begun.wait();
    overlapped = workpool_test::eventually([&] { return other_function_ran.load(); }, 20ms);
  });
  clock.call_at(at(3s), [&] { other_function_ran = true; });
  clock.advance(1s);
  other.join();
  CHECK_FALSE(overlapped);
  CHECK(other_function_ran);
  CHECK(clock.now() == at(6s));
}

TEST_CASE("cancel from another thread waits until the function has returned") {
  manual_clock clock;
  workpool::subscription call;
  std::latch inside(1);
  std::atomic<bool> cancelling = false;
  bool returned = false, returned_first = false;
  call = clock.call_at(at(1s), [&] {
    inside.count_down();
    while (!cancelling) std::this_thread::yield();
    returned = true;
  });
  std::jthread canceller([&] {
    inside.wait();
    cancelling = true;
    call.cancel();
    returned_first = returned;
  });
  clock.advance(1s);
  canceller.join();
  CHECK(returned);
  CHECK(returned_first);
}

TEST_CASE("another thread reads the clock and adds to it while a function runs") {
  manual_clock clock;
  std::atomic<bool> seen = false;
  time_point other_saw{};
  bool added_ran = false;
  clock.call_at(at(1s), [&] {
    std::jthread([&] {
      other_saw = clock.now();
      clock.call_at(at(2s), [&] { added_ran = true; });
      seen = true;
    }).join();
  });
  clock.advance(2s);
  CHECK(seen);
  CHECK(other_saw == at(1s));
  CHECK(added_ran);
}
