#pragma once

#include <workpool/ipc/channel.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <poll.h>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <thread>
#include <utility>
#include <vector>

/// The promises of a channel, to be kept by every model.
///
/// A model is a family: `channel`; a static `pair(max_payload)` that gives two connected ones as optional<pair>; and
/// `with_stranger(max_payload)`, a channel with a `stranger` on the other end, who writes any bytes (`write`, a few KiB
/// at once) and leaves without a word (`leave`). `can_be_full`: whether sends are blocked sooner or later when nobody
/// receives; `trickles`: whether that happens after a few bytes; `sends_see_a_death`: whether a send is closed when the
/// other side has died, and not only when receive has said so. Before this file is included, `channel_models` names
/// the families, in one file only.
namespace workpool_test {

using workpool::frame;
using workpool::frame_header;
using workpool::frame_kind;
using workpool::transfer;
using workpool::wait_for;
using namespace std::chrono_literals;

inline constexpr std::size_t plenty = std::size_t{100} << 20;

inline workpool::time_point soon() { return workpool::steady::now() + 20s; }

inline frame_header a_task(std::uint64_t task) { return {.task = task, .kind = frame_kind::task}; }

/// Lets one thread play both ends: flushes `from` and receives at `to` until a frame is there or nothing is under way.
template <class Channel>
transfer carry(Channel& from, Channel& to, frame& into) {
  for (;;) {
    from.flush();
    const transfer how = to.receive(into);
    if (how != transfer::blocked) return how;
    if (!from.wants_to_write() && !to.wait(wait_for::reading, workpool::time_point::min())) return how;
  }
}

/// Whether somebody who waits on the handle, as the pool does, would be kept waiting.
template <class Channel>
bool waits(Channel& one) {
  const bool for_room = one.wants_to_write() && !one.in_shared_memory();
  pollfd asked{one.wait_handle(), static_cast<short>(for_room ? POLLIN | POLLOUT : POLLIN), 0};
  return one.arm() && ::poll(&asked, 1, 0) == 0;
}

/// Sends so many frames of this size that the channel is blocked. Gives: how many.
template <class Channel>
std::uint64_t fill(Channel& one, const byte_vector& payload) {
  for (std::uint64_t sent = 1; sent < 1'000'000; ++sent) {
    if (one.send(a_task(sent), payload) != transfer::done) return sent;
  }
  return 0;
}

}  // namespace workpool_test

TEMPLATE_LIST_TEST_CASE("frames arrive whole, once and in order", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  constexpr std::uint32_t frames = TestType::trickles ? 50 : 300;
  for (std::uint32_t i = 0; i < frames; ++i) {
    const frame_header header{.length = 999,  // filled in by the channel
                              .task = i,
                              .attempt = i + 1,
                              .generation = i + 2,
                              .kind = static_cast<frame_kind>(1 + i % 10),
                              .flags = static_cast<std::uint16_t>(i * 7),
                              .magic = 0};
    REQUIRE(one.send(header, patterned(i, i)) != transfer::closed);
  }
  frame got;
  for (std::uint32_t i = 0; i < frames; ++i) {
    REQUIRE(carry(one, two, got) == transfer::done);
    REQUIRE(got.header == frame_header{.length = i,
                                       .task = i,
                                       .attempt = i + 1,
                                       .generation = i + 2,
                                       .kind = static_cast<frame_kind>(1 + i % 10),
                                       .flags = static_cast<std::uint16_t>(i * 7)});
    REQUIRE(got.payload == patterned(i, i));
  }
  CHECK(carry(one, two, got) == transfer::blocked);
}

TEMPLATE_LIST_TEST_CASE("a payload of any size arrives as it was", "", channel_models) {
  using namespace workpool_test;
  const std::size_t size = GENERATE(0U, 1U, 64U << 10, (64U << 10) - 32U, 5U << 20);
  if (TestType::trickles && size > 1000) return;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  const byte_vector payload = patterned(size);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(one.send(a_task(5), payload) != transfer::closed);
    frame got;
    REQUIRE(carry(one, two, got) == transfer::done);
    CHECK(got.header == frame_header{.length = size, .task = 5, .kind = frame_kind::task});
    CHECK(got.payload == payload);
    CHECK_FALSE(one.wants_to_write());
  }
}

TEMPLATE_LIST_TEST_CASE("large frames in both directions at once pass in one thread", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  const std::size_t size = TestType::trickles ? 1000 : 3'000'000;
  REQUIRE(one.send(a_task(1), patterned(size, 1)) != transfer::closed);
  REQUIRE(two.send(a_task(2), patterned(size, 2)) != transfer::closed);
  frame to_one, to_two;
  transfer one_has = transfer::blocked;
  transfer two_has = transfer::blocked;
  while (one_has == transfer::blocked || two_has == transfer::blocked) {
    REQUIRE(one.flush() != transfer::closed);
    REQUIRE(two.flush() != transfer::closed);
    if (one_has == transfer::blocked) one_has = one.receive(to_one);
    if (two_has == transfer::blocked) two_has = two.receive(to_two);
  }
  REQUIRE(one_has == transfer::done);
  REQUIRE(two_has == transfer::done);
  CHECK(to_one.payload == patterned(size, 2));
  CHECK(to_two.payload == patterned(size, 1));
}

TEMPLATE_LIST_TEST_CASE("a send that does not fit is blocked, keeps a copy and goes on by flush", "", channel_models) {
  using namespace workpool_test;
  if constexpr (TestType::can_be_full) {
    auto both = TestType::pair(plenty);
    REQUIRE(both);
    auto& [one, two] = *both;
    byte_vector payload = patterned(3000);
    const std::uint64_t sent = fill(one, payload);
    REQUIRE(sent != 0);
    CHECK(one.wants_to_write());
    const std::size_t unsent = one.unsent();
    CHECK(unsent > 0);
    CHECK(unsent <= 3032);
    CHECK(one.flush() == transfer::blocked);
    REQUIRE(one.send(a_task(sent + 1), patterned(10, 1)) == transfer::blocked);
    CHECK(one.unsent() == unsent + 42);
    payload.assign(payload.size(), std::byte{0});

    frame got;
    for (std::uint64_t i = 1; i <= sent; ++i) {
      REQUIRE(carry(one, two, got) == transfer::done);
      REQUIRE(got.header.task == i);
      REQUIRE(got.payload == patterned(3000));
    }
    REQUIRE(carry(one, two, got) == transfer::done);
    CHECK(got.header.task == sent + 1);
    CHECK(got.payload == patterned(10, 1));
    CHECK(one.flush() == transfer::done);
    CHECK_FALSE(one.wants_to_write());
    CHECK(one.unsent() == 0);
  }
}

TEMPLATE_LIST_TEST_CASE("what is lent lives until it is written, and is followed by what was sent after it", "",
                        channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  const std::size_t size = TestType::trickles ? 1000 : 3'000'000;
  auto owner = std::make_shared<const byte_vector>(patterned(size, 1));
  const std::weak_ptr<const byte_vector> seen = owner;
  REQUIRE(one.send(a_task(1), *owner, owner) != transfer::closed);
  owner = nullptr;
  CHECK(seen.expired() == !one.wants_to_write());
  if (TestType::can_be_full) CHECK_FALSE(seen.expired());
  REQUIRE(one.send(a_task(2), patterned(10, 2)) != transfer::closed);
  const auto next = std::make_shared<const byte_vector>(patterned(20, 3));
  REQUIRE(one.send(a_task(3), *next, next) != transfer::closed);
  frame got;
  REQUIRE(carry(one, two, got) == transfer::done);
  CHECK(got.header == frame_header{.length = size, .task = 1, .kind = frame_kind::task});
  CHECK(got.payload == patterned(size, 1));
  REQUIRE(carry(one, two, got) == transfer::done);
  CHECK(got.header.task == 2);
  CHECK(got.payload == patterned(10, 2));
  REQUIRE(carry(one, two, got) == transfer::done);
  CHECK(got.header.task == 3);
  CHECK(got.payload == patterned(20, 3));
  CHECK(one.flush() == transfer::done);
  CHECK(seen.expired());
  CHECK(next.use_count() == 1);
}

TEMPLATE_LIST_TEST_CASE("what is lent is given back when the channel is closed, or the other side is gone", "",
                        channel_models) {
  using namespace workpool_test;
  if constexpr (TestType::can_be_full) {
    for (const bool peer : {false, true}) {
      auto both = TestType::pair(plenty);
      REQUIRE(both);
      auto& [one, two] = *both;
      const auto owner = std::make_shared<const byte_vector>(patterned(3'000'000));
      REQUIRE(one.send(a_task(1), *owner, owner) == transfer::blocked);
      REQUIRE(one.send(a_task(2), *owner, owner) == transfer::blocked);
      CHECK(owner.use_count() == 3);
      (peer ? two : one).close();
      CHECK(one.flush() == transfer::closed);
      CHECK(owner.use_count() == 1);
      CHECK(one.send(a_task(3), *owner, owner) == transfer::closed);
      CHECK(owner.use_count() == 1);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("what is lent goes with the channel that is moved", "", channel_models) {
  using namespace workpool_test;
  if constexpr (TestType::can_be_full) {
    auto both = TestType::pair(plenty);
    REQUIRE(both);
    auto owner = std::make_shared<const byte_vector>(patterned(TestType::trickles ? 100 : 1'000'000));
    const byte_vector expected = *owner;
    const std::weak_ptr<const byte_vector> seen = owner;
    REQUIRE(both->first.send(a_task(1), *owner, owner) == transfer::blocked);
    owner = nullptr;
    auto moved(std::move(both->first));
    frame got;
    REQUIRE(carry(moved, both->second, got) == transfer::done);
    CHECK(got.payload == expected);
    CHECK(seen.expired());
  }
}

TEMPLATE_LIST_TEST_CASE("a frame does not overtake what is unsent, though there is room again", "", channel_models) {
  using namespace workpool_test;
  if constexpr (TestType::can_be_full) {
    auto both = TestType::pair(plenty);
    REQUIRE(both);
    auto& [one, two] = *both;
    const std::uint64_t sent = fill(one, patterned(3000));
    REQUIRE(sent != 0);
    frame got;
    std::uint64_t next = 1;
    for (; two.receive(got) == transfer::done; ++next) REQUIRE(got.header.task == next);
    REQUIRE(one.wants_to_write());
    REQUIRE(one.send(a_task(sent + 1), {}) != transfer::closed);
    for (; next <= sent + 1; ++next) {
      REQUIRE(carry(one, two, got) == transfer::done);
      REQUIRE(got.header.task == next);
    }
  }
}

TEMPLATE_LIST_TEST_CASE("who waits on the handle is kept waiting until the channel can go on", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  const int handle = two.wait_handle();
  REQUIRE(handle >= 3);
  CHECK(waits(two));
  REQUIRE(one.send(a_task(1), {}) != transfer::closed);
  CHECK_FALSE(waits(two));
  CHECK_FALSE(waits(two));  // until it is received
  frame got;
  REQUIRE(carry(one, two, got) == transfer::done);
  REQUIRE(two.receive(got) == transfer::blocked);
  CHECK(waits(two));
  if constexpr (TestType::can_be_full) {
    REQUIRE(fill(two, patterned(3000)) != 0);
    CHECK(waits(two));
    for (int step = 0; two.wants_to_write() && step < 1'000'000; ++step) {
      while (one.receive(got) == transfer::done) {
      }
      if (step < 10) CHECK_FALSE(waits(two));
      REQUIRE(two.flush() != transfer::closed);
    }
    CHECK_FALSE(two.wants_to_write());
    REQUIRE(two.receive(got) == transfer::blocked);
    CHECK(waits(two));
  }
  CHECK(two.wait_handle() == handle);
}

TEMPLATE_LIST_TEST_CASE("who was armed is told by the handle of what came after it", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  frame got;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(two.receive(got) == transfer::blocked);
    REQUIRE(two.arm());
    pollfd asked{two.wait_handle(), POLLIN, 0};
    REQUIRE(::poll(&asked, 1, 0) == 0);
    REQUIRE(one.send(a_task(1), {}) != transfer::closed);
    REQUIRE(::poll(&asked, 1, 0) == 1);
    REQUIRE(carry(one, two, got) == transfer::done);
  }
  REQUIRE(two.receive(got) == transfer::blocked);
  REQUIRE(two.arm());
  one.close();
  pollfd asked{two.wait_handle(), POLLIN, 0};
  CHECK(::poll(&asked, 1, 0) == 1);
  CHECK(two.receive(got) == transfer::closed);
  CHECK_FALSE(two.arm());
}

TEMPLATE_LIST_TEST_CASE("bytes that were read ahead are counted as unread", "", channel_models) {
  using namespace workpool_test;
  auto [one, stranger] = TestType::with_stranger(plenty);
  byte_vector wire = wire_frame(1, patterned(5));
  append(wire, wire_frame(2, {}));
  wire.resize(wire.size() + 7);
  stranger.write(wire);
  CHECK(one.unread() == 0);
  frame got;
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(one.unread() == 39);
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(one.unread() == 7);
  CHECK(one.receive(got) == transfer::blocked);
  CHECK(one.unread() == 0);
}

TEMPLATE_LIST_TEST_CASE("what was sent before the close arrives before the end", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  const std::size_t size = TestType::trickles ? 0 : 1000;
  std::uint64_t sent = 0;
  while (sent < 20 && one.send(a_task(sent), patterned(size)) == transfer::done) ++sent;
  if (!TestType::trickles) REQUIRE(sent == 20);
  one.close();
  CHECK_FALSE(one.is_open());
  CHECK(one.wait_handle() == -1);
  frame got;
  for (std::uint64_t i = 0; i < sent; ++i) {
    REQUIRE(two.is_open());
    REQUIRE(two.receive(got) == transfer::done);
    REQUIRE(got.header.task == i);
  }
  CHECK(two.receive(got) == transfer::closed);
  CHECK_FALSE(two.is_open());
  CHECK(two.receive(got) == transfer::closed);
  CHECK(two.send(a_task(1), {}) == transfer::closed);
}

TEMPLATE_LIST_TEST_CASE("what arrived is still received after a send has found the other side gone", "",
                        channel_models) {
  using namespace workpool_test;
  auto [one, stranger] = TestType::with_stranger(plenty);
  stranger.write(wire_frame(1, patterned(100)));
  stranger.write(wire_frame(2, {}));
  REQUIRE(one.send(a_task(1), {}) != transfer::closed);  // never read: a socket will say ECONNRESET
  stranger.leave();
  transfer how = transfer::done;
  for (int i = 0; i < 3 && how != transfer::closed; ++i) how = one.send(a_task(2), {});
  CHECK((how == transfer::closed) == TestType::sends_see_a_death);
  CHECK_FALSE(one.wants_to_write());
  if (TestType::sends_see_a_death) {
    CHECK(one.flush() == transfer::closed);
    CHECK(one.send(a_task(3), {}) == transfer::closed);
  }
  CHECK(one.is_open());
  frame got;
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(got.payload == patterned(100));
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(got.header.task == 2);
  REQUIRE(one.wait(wait_for::reading, soon()));
  CHECK(one.receive(got) == transfer::closed);
  CHECK_FALSE(one.is_open());
  CHECK(one.send(a_task(3), {}) == transfer::closed);
}

TEMPLATE_LIST_TEST_CASE("sending to a dead peer is closed and raises no SIGPIPE", "", channel_models) {
  using namespace workpool_test;
  auto [one, stranger] = TestType::with_stranger(plenty);
  stranger.leave();
  if (TestType::sends_see_a_death) CHECK(one.send(a_task(1), patterned(10)) == transfer::closed);
  frame got;
  REQUIRE(one.wait(wait_for::reading, soon()));
  CHECK(one.receive(got) == transfer::closed);
  CHECK(one.send(a_task(1), patterned(10)) == transfer::closed);
  CHECK(one.unsent() == 0);
}

TEMPLATE_LIST_TEST_CASE("what is unsent when the other side goes is given up", "", channel_models) {
  using namespace workpool_test;
  if constexpr (TestType::can_be_full) {
    auto both = TestType::pair(plenty);
    REQUIRE(both);
    auto& [one, two] = *both;
    REQUIRE(fill(one, patterned(3000)) != 0);
    REQUIRE(one.wants_to_write());
    two.close();
    CHECK(one.wait(wait_for::writing, soon()));
    CHECK(one.flush() == transfer::closed);
    CHECK_FALSE(one.wants_to_write());
    CHECK(one.unsent() == 0);
  }
}

TEMPLATE_LIST_TEST_CASE("half a frame and then the end is closed, wherever it was cut", "", channel_models) {
  using namespace workpool_test;
  const byte_vector wire = wire_frame(2, patterned(20));
  for (std::size_t cut = 0; cut < wire.size(); ++cut) {
    auto [one, stranger] = TestType::with_stranger(plenty);
    stranger.write(wire_frame(1, patterned(3)));
    stranger.write(std::span(wire).first(cut));
    frame got;
    REQUIRE(one.receive(got) == transfer::done);
    REQUIRE(got.header.task == 1);
    REQUIRE(one.receive(got) == transfer::blocked);
    stranger.leave();
    REQUIRE(one.wait(wait_for::reading, soon()));
    REQUIRE(one.receive(got) == transfer::closed);
    REQUIRE(got.header.task == 1);
    REQUIRE(one.receive(got) == transfer::closed);
  }
}

TEMPLATE_LIST_TEST_CASE("garbage is a protocol_error, after the frames before it and for ever", "", channel_models) {
  using namespace workpool_test;
  auto [one, stranger] = TestType::with_stranger(plenty);
  byte_vector wire = wire_frame(1, {});
  append(wire, bytes_of("Segmentation fault (core dumped), and more of the kind"));
  append(wire, wire_frame(2, {}));
  stranger.write(wire);
  frame got;
  REQUIRE(one.receive(got) == transfer::done);
  const auto complains = Catch::Matchers::ContainsSubstring("magic number");
  CHECK_THROWS_AS(one.receive(got), workpool::protocol_error);
  CHECK_THROWS_WITH(one.receive(got), complains);
  stranger.write(wire_frame(3, {}));
  CHECK_THROWS_WITH(one.receive(got), complains);
  CHECK(got.header.task == 1);
  CHECK(one.is_open());
  one.close();
  CHECK(one.receive(got) == transfer::closed);
}

TEMPLATE_LIST_TEST_CASE("a payload of the limit passes and one byte more is a protocol_error", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(1000);
  REQUIRE(both);
  auto& [one, two] = *both;
  frame got;
  REQUIRE(one.send(a_task(1), patterned(1000)) != transfer::closed);
  REQUIRE(carry(one, two, got) == transfer::done);
  REQUIRE(one.send(a_task(2), patterned(1001)) != transfer::closed);
  CHECK_THROWS_WITH(carry(one, two, got), Catch::Matchers::ContainsSubstring("claims 1001 bytes"));
  CHECK_THROWS_AS(two.receive(got), workpool::protocol_error);
}

TEMPLATE_LIST_TEST_CASE("wait ends at its deadline and not before", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  const auto deadline = workpool::steady::now() + 5ms;
  CHECK_FALSE(one.wait(wait_for::reading, deadline));
  CHECK(workpool::steady::now() >= deadline);
  CHECK_FALSE(one.wait(wait_for::reading, workpool::time_point::min()));
  CHECK(one.wait(wait_for::writing, workpool::time_point::min()));
  CHECK(one.wait(wait_for::either, workpool::time_point::max()));
  REQUIRE(two.send(a_task(1), {}) != transfer::closed);
  CHECK(one.wait(wait_for::reading, workpool::time_point::max()));
}

TEMPLATE_LIST_TEST_CASE("wait for writing lasts as long as the channel is full", "", channel_models) {
  using namespace workpool_test;
  if constexpr (TestType::can_be_full) {
    auto both = TestType::pair(plenty);
    REQUIRE(both);
    auto& [one, two] = *both;
    const std::uint64_t sent = fill(one, patterned(3000));
    REQUIRE(sent != 0);
    CHECK_FALSE(one.wait(wait_for::writing, workpool::steady::now() + 2ms));
    CHECK_FALSE(one.wait(wait_for::either, workpool::steady::now() + 2ms));
    frame got;
    for (std::uint64_t i = 0; i < sent; ++i) REQUIRE(carry(one, two, got) == transfer::done);
    CHECK(one.wait(wait_for::writing, soon()));
  }
}

TEMPLATE_LIST_TEST_CASE("an end is something to go on with", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  two.close();
  CHECK(one.wait(wait_for::reading, workpool::time_point::max()));
  CHECK(one.wait(wait_for::writing, workpool::time_point::max()));
  CHECK(two.wait(wait_for::reading, workpool::time_point::max()));
  frame got;
  CHECK(one.receive(got) == transfer::closed);
  CHECK(one.wait(wait_for::either, workpool::time_point::max()));
}

TEMPLATE_LIST_TEST_CASE("a closed channel stays closed and lets go of its descriptor", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  REQUIRE(two.send(a_task(1), {}) != transfer::closed);
  one.close();
  one.close();
  frame got;
  CHECK(one.receive(got) == transfer::closed);
  CHECK(one.send(a_task(1), {}) == transfer::closed);
  CHECK(one.flush() == transfer::closed);
  CHECK_FALSE(one.wants_to_write());
  CHECK(one.unread() == 0);
  CHECK(one.wait_handle() == -1);
}

TEMPLATE_LIST_TEST_CASE("a channel can be moved in the middle of its frames", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto [one, other] = TestType::with_stranger(plenty);
  byte_vector wire = wire_frame(1, patterned(50));
  append(wire, wire_frame(2, patterned(60)));
  append(wire, wire_frame(3, patterned(70)));
  other.write(std::span(wire).first(wire.size() - 5));
  frame got;
  REQUIRE(one.receive(got) == transfer::done);
  auto moved(std::move(one));
  REQUIRE(moved.receive(got) == transfer::done);
  CHECK(got.payload == patterned(60));
  CHECK(moved.receive(got) == transfer::blocked);
  one = std::move(moved);
  other.write(std::span(wire).last(5));
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(got.payload == patterned(70));
  one = std::move(both->first);
  CHECK(one.send(a_task(9), {}) != transfer::closed);
  REQUIRE(carry(one, both->second, got) == transfer::done);
  CHECK(got.header.task == 9);
}

TEMPLATE_LIST_TEST_CASE("one thread waits for reading while another one sends", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  frame got;
  for (std::uint64_t round = 1; round <= 100; ++round) {
    std::future<bool> woken =
        std::async(std::launch::async, [&waits = one] { return waits.wait(wait_for::reading, soon()); });
    const bool sent = one.send(a_task(round), patterned(10)) != transfer::closed;
    const bool answered = carry(one, two, got) == transfer::done && two.send(a_task(round), {}) != transfer::closed;
    REQUIRE(woken.get());
    REQUIRE(sent);
    REQUIRE(answered);
    REQUIRE(carry(two, one, got) == transfer::done);
    REQUIRE(got.header.task == round);
  }
}

TEMPLATE_LIST_TEST_CASE("two threads play ping-pong", "", channel_models) {
  using namespace workpool_test;
  auto both = TestType::pair(plenty);
  REQUIRE(both);
  auto& [one, two] = *both;
  constexpr std::uint64_t rounds = TestType::trickles ? 100 : 10'000;
  const auto blocking_send = [](auto& end, const frame_header& header, std::span<const std::byte> payload) {
    transfer how = end.send(header, payload);
    while (how == transfer::blocked && end.wait(wait_for::writing, soon())) how = end.flush();
    return how == transfer::done;
  };
  const auto blocking_receive = [](auto& end, frame& into) {
    for (;;) {
      if (end.unread() == 0 && !end.wait(wait_for::reading, soon())) return false;
      const transfer how = end.receive(into);
      if (how != transfer::blocked) return how == transfer::done;
    }
  };
  std::uint64_t echoed = 0;
  std::thread echo([&, &end = two] {
    frame got;
    while (blocking_receive(end, got)) {
      got.header.kind = frame_kind::result;
      if (!blocking_send(end, got.header, got.payload)) return;
      ++echoed;
    }
  });
  std::uint64_t good = 0;
  frame got;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    const byte_vector payload = patterned(i % 100, static_cast<std::uint32_t>(i));
    if (!blocking_send(one, a_task(i), payload) || !blocking_receive(one, got)) break;
    if (got.header.task == i && got.header.kind == frame_kind::result && got.payload == payload) ++good;
  }
  one.close();
  echo.join();
  CHECK(good == rounds);
  CHECK(echoed == rounds);
}
