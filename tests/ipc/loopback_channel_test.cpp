#include <workpool/ipc/loopback_channel.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

using namespace workpool;
using namespace workpool_test;

namespace {

frame_header a_task(std::uint64_t task) { return {.task = task, .kind = frame_kind::task}; }

}  // namespace

TEST_CASE("the capacity counts bytes of headers and payloads") {
  auto both = loopback_channel::make_pair({.capacity = 50});
  REQUIRE(both);
  auto& [one, two] = *both;
  CHECK(one.send(a_task(1), patterned(18)) == transfer::done);
  CHECK(one.send(a_task(2), {}) == transfer::blocked);
  CHECK(one.unsent() == 32);
  frame got;
  REQUIRE(two.receive(got) == transfer::done);
  CHECK(one.flush() == transfer::done);
}

TEST_CASE("a connection can be cut at every byte of two frames") {
  const byte_vector payload = patterned(9);
  constexpr std::size_t frame_size = 32 + 9;
  for (std::size_t cut = 0; cut <= 2 * frame_size; ++cut) {
    auto both = loopback_channel::make_pair();
    REQUIRE(both);
    auto& [one, two] = *both;
    one.break_after(cut);
    one.send(a_task(1), payload);
    one.send(a_task(2), payload);
    REQUIRE(one.send(a_task(4), {}) == transfer::closed);
    REQUIRE(two.send(a_task(3), {}) == transfer::closed);
    frame got;
    for (std::size_t whole = 0; whole < cut / frame_size; ++whole) {
      REQUIRE(two.receive(got) == transfer::done);
      REQUIRE(got.header.task == whole + 1);
    }
    REQUIRE(two.receive(got) == transfer::closed);
    REQUIRE(one.receive(got) == transfer::closed);
  }
}

TEST_CASE("what was under way to the end that breaks is still received there") {
  auto both = loopback_channel::make_pair();
  REQUIRE(both);
  auto& [one, two] = *both;
  REQUIRE(two.send(a_task(7), {}) == transfer::done);
  one.break_after(0);
  frame got;
  CHECK(one.receive(got) == transfer::done);
  CHECK(got.header.task == 7);
  CHECK(one.receive(got) == transfer::closed);
}

TEST_CASE("injected garbage spoils one direction only") {
  auto both = loopback_channel::make_pair();
  REQUIRE(both);
  auto& [one, two] = *both;
  REQUIRE(one.send(a_task(1), {}) == transfer::done);
  one.inject(patterned(40));
  frame got;
  REQUIRE(two.receive(got) == transfer::done);
  CHECK_THROWS_AS(two.receive(got), protocol_error);
  REQUIRE(two.send(a_task(2), {}) == transfer::done);
  REQUIRE(one.receive(got) == transfer::done);
  CHECK(got.header.task == 2);
}

TEST_CASE("injected bytes that are a frame are received as one") {
  auto both = loopback_channel::make_pair({.max_payload = 5});
  REQUIRE(both);
  both->first.inject(wire_frame(11, patterned(5)));
  frame got;
  REQUIRE(both->second.receive(got) == transfer::done);
  CHECK(got.header.task == 11);
  both->first.inject(wire_frame(12, patterned(6)));
  CHECK_THROWS_AS(both->second.receive(got), protocol_error);
}
