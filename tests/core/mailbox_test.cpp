#include <workpool/core/mailbox.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <latch>
#include <memory>
#include <new>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using workpool::detail::mailbox_counts;

namespace {

struct news {
  std::size_t queued;
};

using handler = std::function<void(const news&)>;
using box = workpool::detail::mailbox_of<news, handler>;

std::shared_ptr<box> make_box(const std::shared_ptr<mailbox_counts>& counts, handler call) {
  return std::make_shared<box>(counts, std::move(call));
}

}  // namespace

TEST_CASE("a free handler is called by the one who delivers") {
  const auto counts = std::make_shared<mailbox_counts>();
  std::vector<std::size_t> seen;
  std::thread::id caller;
  const auto inbox = make_box(counts, [&](const news& e) {
    seen.push_back(e.queued);
    caller = std::this_thread::get_id();
  });
  inbox->deliver({1});
  inbox->deliver({2});
  CHECK(seen == std::vector<std::size_t>{1, 2});
  CHECK(caller == std::this_thread::get_id());
}

TEST_CASE("what arrives while the handler runs waits its turn, in order and without recursion") {
  const auto counts = std::make_shared<mailbox_counts>();
  std::vector<std::size_t> seen;
  int depth = 0, deepest = 0;
  std::shared_ptr<box> inbox;
  inbox = make_box(counts, [&](const news& e) {
    deepest = std::max(deepest, ++depth);
    seen.push_back(e.queued);
    if (e.queued < 10) {
      inbox->deliver({e.queued + 10});
      inbox->deliver({e.queued + 20});
    }
    --depth;
  });
  inbox->deliver({1});
  CHECK(seen == std::vector<std::size_t>{1, 11, 21});
  CHECK(deepest == 1);
}

TEST_CASE("nobody waits for a handler that runs on another thread") {
  const auto counts = std::make_shared<mailbox_counts>();
  std::latch inside(1), go_on(1);
  std::vector<std::size_t> seen;
  const auto inbox = make_box(counts, [&](const news& e) {
    seen.push_back(e.queued);
    if (e.queued != 1) return;
    inside.count_down();
    go_on.wait();
  });
  {
    std::jthread draining([&] { inbox->deliver({1}); });
    inside.wait();
    inbox->deliver({2});  // returns although the handler is stuck
    inbox->deliver({3});
    go_on.count_down();
  }
  CHECK(seen == std::vector<std::size_t>{1, 2, 3});
}

TEST_CASE("what a handler throws is counted and the next event reaches it") {
  const auto counts = std::make_shared<mailbox_counts>();
  int calls = 0;
  const auto inbox = make_box(counts, [&](const news& e) {
    ++calls;
    if (e.queued == 1) throw std::runtime_error("boom");
    throw 42;
  });
  inbox->deliver({1});
  inbox->deliver({2});
  CHECK(calls == 2);
  CHECK(counts->faults == 2);
}

TEST_CASE("a full mailbox drops what comes on top and counts it") {
  const auto counts = std::make_shared<mailbox_counts>();
  std::size_t calls = 0, last = 0;
  std::shared_ptr<box> inbox;
  inbox = make_box(counts, [&](const news& e) {
    ++calls;
    last = e.queued;
    if (e.queued != 0) return;
    for (std::size_t i = 1; i <= box::capacity + 7; ++i) inbox->deliver({i});
  });
  inbox->deliver({0});
  CHECK(calls == 1 + box::capacity);
  CHECK(last == box::capacity);
  CHECK(counts->dropped == 7);
}

TEST_CASE("an event that cannot be copied for want of memory is dropped and counted") {
  struct heavy {
    heavy() = default;
    heavy(const heavy&) { throw std::bad_alloc(); }
  };
  const auto counts = std::make_shared<mailbox_counts>();
  int calls = 0;
  workpool::detail::mailbox<heavy>* self = nullptr;
  const auto call = [&](const heavy& e) {
    if (++calls == 1) self->deliver(e);
  };
  workpool::detail::mailbox_of<heavy, decltype(call)> inbox(counts, call);
  self = &inbox;
  inbox.deliver({});
  CHECK(calls == 1);
  CHECK(counts->dropped == 1);
  inbox.deliver({});
  CHECK(calls == 2);
}

TEST_CASE("cancel throws away what waits, with the handler") {
  const auto counts = std::make_shared<mailbox_counts>();
  const auto captured = std::make_shared<int>(0);
  std::shared_ptr<box> inbox;
  inbox = make_box(counts, [&inbox, captured](const news&) {
    ++*captured;
    inbox->deliver({2});
    inbox->cancel();
    inbox->deliver({3});
  });
  inbox->deliver({1});
  CHECK(*captured == 1);
  CHECK(captured.use_count() == 1);
  inbox->deliver({4});
  CHECK(*captured == 1);
  CHECK(counts->dropped == 0);
}

TEST_CASE("an event that waits when the handler is cancelled is destroyed with it") {
  const auto payload = std::make_shared<int>();
  const auto counts = std::make_shared<mailbox_counts>();
  using parcel = std::shared_ptr<int>;
  workpool::detail::mailbox<parcel>* self = nullptr;
  const auto call = [&](const parcel&) {
    self->deliver(payload);
    self->cancel();
  };
  workpool::detail::mailbox_of<parcel, decltype(call)> inbox(counts, call);
  self = &inbox;
  inbox.deliver(nullptr);
  CHECK(payload.use_count() == 1);
}

TEST_CASE("a cancelled mailbox is counted out once") {
  const auto counts = std::make_shared<mailbox_counts>();
  counts->attached = 2;
  const auto inbox = make_box(counts, [](const news&) {});
  inbox->cancel();
  inbox->cancel();
  CHECK(counts->attached == 1);
}
