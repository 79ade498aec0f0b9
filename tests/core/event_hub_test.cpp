#include <workpool/core/event_hub.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <array>
#include <atomic>
#include <exception>
#include <latch>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace event = workpool::event;
using workpool::subscription;
using workpool::detail::event_hub;

TEST_CASE("an event reaches every handler of its type and no other") {
  event_hub hub;
  std::vector<std::string> seen;
  hub.on<event::task_started>([&](const event::task_started& e) { seen.push_back("a" + std::to_string(e.task)); });
  hub.on<event::task_started>([&](const event::task_started& e) { seen.push_back("b" + std::to_string(e.worker)); });
  hub.on<event::worker_failed>([&](const event::worker_failed&) { seen.push_back("failed"); });
  hub.emit(event::task_started{1, 2});
  CHECK(seen == std::vector<std::string>{"a1", "b2"});
}

TEST_CASE("an event is wanted while it has a handler") {
  event_hub hub;
  CHECK_FALSE(hub.wanted<event::task_settled>());
  auto one = hub.on<event::task_settled>([](const event::task_settled&) {});
  auto two = hub.on<event::task_settled>([](const event::task_settled&) {});
  CHECK(hub.wanted<event::task_settled>());
  CHECK_FALSE(hub.wanted<event::task_started>());
  one.cancel();
  CHECK(hub.wanted<event::task_settled>());
  two.cancel();
  two.cancel();
  CHECK_FALSE(hub.wanted<event::task_settled>());
}

TEST_CASE("an event without a handler goes nowhere") {
  event_hub hub;
  hub.emit(event::strategy_fault{"nobody listens"});
  CHECK(hub.faults() == 0);
  CHECK(hub.dropped() == 0);
}

TEST_CASE("dropping the subscription keeps the handler") {
  event_hub hub;
  int calls = 0;
  {
    auto dropped = hub.on<event::worker_failed>([&](const event::worker_failed&) { ++calls; });
  }
  hub.emit(event::worker_failed{1});
  CHECK(calls == 1);
}

TEST_CASE("after cancel the handler is not called and its captures are gone") {
  event_hub hub;
  const auto captured = std::make_shared<int>(0);
  auto attached = hub.on<event::worker_failed>([captured](const event::worker_failed&) { ++*captured; });
  int others = 0;
  hub.on<event::worker_failed>([&](const event::worker_failed&) { ++others; });
  hub.emit(event::worker_failed{1});
  attached.cancel();
  CHECK(captured.use_count() == 1);
  hub.emit(event::worker_failed{2});
  CHECK(*captured == 1);
  CHECK(others == 2);
}

TEST_CASE("a cancelled mailbox leaves the list with the next one that comes") {
  using workpool::detail::mailbox_of;
  const auto call = [](const event::worker_failed&) {};
  const auto counts = std::make_shared<workpool::detail::mailbox_counts>();
  const auto make = [&] { return std::make_shared<mailbox_of<event::worker_failed, decltype(call)>>(counts, call); };
  workpool::detail::mailbox_list<event::worker_failed> list;
  const auto gone = make(), kept = make();
  list.add(gone);
  list.add(kept);
  gone->cancel();
  list.add(make());
  CHECK(gone.use_count() == 1);
  CHECK(kept.use_count() == 2);
  CHECK(list.snapshot()->size() == 2);
}

TEST_CASE("a handler may be a move-only function object") {
  event_hub hub;
  int seen = 0;
  hub.on<event::queue_high_water>([&seen, step = std::make_unique<int>(5)](const event::queue_high_water&) mutable {
    seen += *step;
    *step += 1;
    return "ignored";
  });
  hub.emit(event::queue_high_water{1});
  hub.emit(event::queue_high_water{1});
  CHECK(seen == 11);
}

TEST_CASE("a subscription may outlive the hub, whose end destroys the handlers") {
  const auto captured = std::make_shared<int>(0);
  subscription attached;
  {
    event_hub hub;
    attached = hub.on<event::worker_failed>([captured](const event::worker_failed&) {});
    CHECK(captured.use_count() == 2);
  }
  CHECK(captured.use_count() == 1);
  attached.cancel();
}

TEST_CASE("a throwing handler is counted and disturbs nobody") {
  event_hub hub;
  int others = 0;
  hub.on<event::task_started>([](const event::task_started&) { throw std::runtime_error("boom"); });
  hub.on<event::task_started>([&](const event::task_started&) { ++others; });
  hub.on<event::worker_failed>([](const event::worker_failed&) { throw 1; });
  hub.emit(event::task_started{1, 0});
  hub.emit(event::worker_failed{1});
  CHECK(hub.faults() == 2);
  CHECK(others == 1);
}

TEST_CASE("a handler may emit what it handles, attach and cancel") {
  event_hub hub;
  std::vector<workpool::task_id> seen;
  int attached_later = 0;
  subscription self;
  self = hub.on<event::task_started>([&](const event::task_started& e) {
    seen.push_back(e.task);
    hub.emit(event::task_started{e.task + 1, 0});
    hub.on<event::task_started>([&](const event::task_started&) { ++attached_later; });
    if (e.task == 3) self.cancel();
  });
  hub.emit(event::task_started{1, 0});
  CHECK(seen == std::vector<workpool::task_id>{1, 2, 3});
  // One was attached in each of three calls, after the emit within it: 3 and 4 were emitted to the first ones.
  CHECK(attached_later == 1 + 2);
  hub.emit(event::task_started{9, 0});
  CHECK(seen.size() == 3);
  CHECK(attached_later == 3 + 3);
}

TEST_CASE("a handler may destroy the hub that called it") {
  auto hub = std::make_unique<event_hub>();
  bool called = false;
  hub->on<event::worker_failed>([&](const event::worker_failed&) {
    hub.reset();
    called = true;
  });
  hub->emit(event::worker_failed{1});
  CHECK(called);
}

TEST_CASE("an event that holds an exception gives it up outside every lock") {
  event_hub hub;
  struct talkative {
    event_hub* hub;
    explicit talkative(event_hub* owner) : hub(owner) {}
    talkative(const talkative&) = default;
    ~talkative() { hub->emit(event::queue_high_water{1}); }
  };
  int talks = 0, errors = 0;
  hub.on<event::queue_high_water>([&](const event::queue_high_water&) { ++talks; });
  hub.on<event::unobserved_error>([&](const event::unobserved_error&) {
    if (++errors == 1) hub.emit(event::unobserved_error{2, std::make_exception_ptr(talkative(&hub))});
  });
  hub.emit(event::unobserved_error{1, nullptr});
  CHECK(errors == 2);
  CHECK(talks >= 1);
}

TEST_CASE("a handler runs one call at a time, and sees the events of each thread in order") {
  constexpr std::size_t threads = 4, events = 2000;
  event_hub hub;
  std::atomic<int> inside = 0, overlaps = 0;
  std::array<workpool::task_id, threads> last{};
  std::size_t calls = 0, disorder = 0;  // not atomic: one call at a time also means that each sees the one before
  hub.on<event::task_started>([&](const event::task_started& e) {
    if (++inside != 1) ++overlaps;
    ++calls;
    if (e.task != last[e.worker] + 1) ++disorder;
    last[e.worker] = e.task;
    --inside;
  });
  {
    std::latch start(threads);
    std::vector<std::jthread> emitting;
    emitting.reserve(threads);
    for (workpool::worker_id t = 0; t < threads; ++t) {
      emitting.emplace_back([&, t] {
        start.arrive_and_wait();
        for (std::size_t i = 1; i <= events; ++i) hub.emit(event::task_started{i, t});
      });
    }
  }
  CHECK(overlaps == 0);
  CHECK(disorder == 0);
  CHECK(calls == threads * events);
  CHECK(hub.dropped() == 0);
}

TEST_CASE("after a cancel from another thread no call begins, however busy the hub is") {
  event_hub hub;
  std::atomic<bool> stop = false;
  std::atomic<int> late_calls = 0;
  {
    std::vector<std::jthread> emitting;
    emitting.reserve(2);
    for (int t = 0; t < 2; ++t) {
      emitting.emplace_back([&] {
        while (!stop) hub.emit(event::worker_failed{1});
      });
    }
    for (int round = 0; round < 500; ++round) {
      const auto cancelled = std::make_shared<std::atomic<bool>>(false);
      std::atomic<int> calls = 0;
      auto attached = hub.on<event::worker_failed>([&, cancelled](const event::worker_failed&) {
        if (*cancelled) ++late_calls;
        ++calls;
      });
      if (round % 2 == 0 && !workpool_test::eventually([&] { return calls != 0; })) ++late_calls;
      attached.cancel();
      *cancelled = true;
      if (cancelled.use_count() != 1) ++late_calls;
    }
    stop = true;
  }
  CHECK(late_calls == 0);
  CHECK_FALSE(hub.wanted<event::worker_failed>());
}
