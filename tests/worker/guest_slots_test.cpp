#include <workpool/worker/guest_slots.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <latch>
#include <optional>
#include <set>
#include <thread>
#include <vector>

using workpool::outcome;
using workpool::detail::guest_slots;
using workpool::detail::task;
using workpool_test::fake_owner;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

/// A guest on the stack: its slot is in the list, and something runs in it.
struct guest {
  probe_task& one;
  guest_slots::visitor slot;

  guest(guest_slots& list, probe_log& log, fake_owner& owner) : one(*new probe_task(log)), slot(list) {
    one.accept_by(owner);
    one.start();
    slot.begin(one);
  }
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;
  ~guest() {
    slot.end();
    one.drop_reference();
  }
};

std::set<task*> seize_all(guest_slots& list) {
  std::set<task*> seized;
  while (task* const one = list.seize_one().one) {
    seized.insert(one);
    one->drop_reference();
  }
  return seized;
}

}  // namespace

TEST_CASE("there is nothing to seize where nobody is a guest, or a guest runs nothing") {
  guest_slots list;
  CHECK(list.seize_one().one == nullptr);
  const guest_slots::visitor idle(list);
  CHECK(list.seize_one().one == nullptr);
}

TEST_CASE("each running guest task is seized once") {
  probe_log log;
  fake_owner owner;
  guest_slots list;
  {
    const guest first(list, log, owner);
    const guest_slots::visitor idle(list);
    const guest second(list, log, owner), third(list, log, owner);
    CHECK(seize_all(list) == std::set<task*>{&first.one, &second.one, &third.one});
    CHECK(list.seize_one().one == nullptr);
  }
  CHECK(log.destroyed == 3);
}

TEST_CASE("guests may leave in any order, and those who stay can be seized") {
  probe_log log;
  fake_owner owner;
  for (unsigned leaving = 0; leaving < 3; ++leaving) {
    guest_slots list;
    std::optional<guest> guests[3];
    for (auto& one : guests) one.emplace(list, log, owner);
    std::set<task*> staying;
    guests[leaving].reset();
    for (auto& one : guests) {
      if (one) staying.insert(&one->one);
    }
    CHECK(seize_all(list) == staying);
    for (auto& one : guests) one.reset();
    CHECK(list.seize_one().one == nullptr);
  }
}

TEST_CASE("guests come, nest, and leave while somebody seizes: each task is told by exactly one") {
  constexpr int threads = 3, each = 3000;
  probe_log log;
  fake_owner owner;
  guest_slots list;
  std::atomic<int> by_guest{0}, by_seizer{0};
  std::atomic<bool> over{false};
  {
    std::jthread seizing([&] {
      while (!over) {
        if (task* const one = list.seize_one().one) {
          ++by_seizer;
          one->finish(outcome::cancelled);
          one->drop_reference();
        } else {
          std::this_thread::yield();
        }
      }
    });
    std::latch begin(threads);
    std::vector<std::jthread> visiting;
    for (int t = 0; t < threads; ++t) {
      visiting.emplace_back([&] {
        const auto visit = [&](auto&& nested) {
          auto& one = *new probe_task(log);
          one.accept_by(owner);
          one.start();
          {
            guest_slots::visitor slot(list);
            slot.begin(one);
            nested();
            if (slot.end()) {
              ++by_guest;
              one.finish(outcome::value);
            }
          }
          one.drop_reference();
        };
        begin.arrive_and_wait();
        for (int i = 0; i < each; ++i) visit([&] { visit([] {}); });
      });
    }
    visiting.clear();
    over = true;
  }
  CHECK(by_guest + by_seizer == 2 * threads * each);
  CHECK(log.destroyed == 2 * threads * each);
}

TEST_CASE("only what is late is seized, and the next deadline is that of what stays") {
  using namespace std::chrono_literals;
  const workpool::time_point now{100s};
  guest_slots list;
  fake_owner owner;
  probe_log log;
  probe_task& early = *new probe_task(log);
  probe_task& late = *new probe_task(log);
  CHECK(list.next_deadline() == workpool::time_point::max());
  {
    guest_slots::visitor first(list, 4), second(list);
    first.begin(early, now - 1s);
    second.begin(late, now + 1s);
    CHECK(list.next_deadline() == now - 1s);
    const guest_slots::seizure seized = list.seize_one(now);
    CHECK(seized.one == &early);
    CHECK(seized.worker == 4);
    CHECK(list.seize_one(now).one == nullptr);
    CHECK(list.next_deadline() == now + 1s);
    early.drop_reference();
    CHECK_FALSE(first.end());
    CHECK(second.end());
  }
  early.drop_reference();
  late.drop_reference();
}
