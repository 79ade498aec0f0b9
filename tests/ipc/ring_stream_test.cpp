#include <workpool/ipc/ring_stream.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/shared_memory.hpp>
#include <workpool/detail/posix/socket_io.hpp>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

using namespace std::chrono_literals;
using namespace workpool::detail;
using workpool::steady;
using workpool::time_point;
using workpool::wait_for;
using workpool_test::byte_vector;
using workpool_test::patterned;

namespace {

// Two ends, the memory between them, and the bell of the right one, to be read past it.
struct rings {
  rings() {
    socket_pair bells = socket_pair::make(socket_kind::stream);
    const unique_fd descriptor = shared_memory::make(ring_stream::size);
    memory = std::make_shared<const shared_memory>(shared_memory::of(descriptor.get(), ring_stream::size));
    left.emplace(std::move(bells.left), memory, 0, ring_stream::side::left);
    right.emplace(std::move(bells.right), memory, 0, ring_stream::side::right);
  }
  // Of the ring from left to right, and back.
  ring_words& there() { return memory->as<ring_words>(); }
  ring_words& back() { return memory->as<ring_words>(sizeof(ring_words)); }

  std::shared_ptr<const shared_memory> memory;
  std::optional<ring_stream> left, right;
};

bool rung(const ring_stream& one) {
  pollfd bell{one.handle(), POLLIN, 0};
  return ::poll(&bell, 1, 0) == 1;
}

std::optional<std::size_t> write(ring_stream& to, std::span<const std::byte> some) {
  return to.write(std::array{some});
}

byte_vector read(ring_stream& from) {
  byte_vector room(ring_stream::ring_size);
  room.resize(from.read(room).value_or(0));
  return room;
}

// Fills the ring of this end. Gives: how many bytes went in.
std::size_t fill(ring_stream& one) {
  std::size_t all = 0;
  while (const std::size_t some = write(one, patterned(10'000)).value_or(0)) all += some;
  return all;
}

}  // namespace

TEST_CASE("as long as nobody waits no bell is rung") {
  rings both;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(write(*both.left, patterned(5'000, 1)) == 5'000U);
    REQUIRE(both.right->has_arrived());
    REQUIRE(read(*both.right) == patterned(5'000, 1));
  }
  CHECK_FALSE(rung(*both.right));
  CHECK_FALSE(rung(*both.left));
}

TEST_CASE("who has armed is rung for once, however much arrives, and again when it arms again") {
  rings both;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(both.right->arm(false));
    REQUIRE_FALSE(rung(*both.right));
    REQUIRE(write(*both.left, patterned(1)) == 1U);
    REQUIRE(write(*both.left, patterned(2)) == 2U);
    CHECK(rung(*both.right));
    CHECK(read(*both.right).size() == 3);
    CHECK(rung(*both.right));  // until it finds nothing
    CHECK(read(*both.right).empty());
    CHECK_FALSE(rung(*both.right));
  }
}

TEST_CASE("arming says that something is there already") {
  rings both;
  REQUIRE(write(*both.left, patterned(1)) == 1U);
  CHECK_FALSE(both.right->arm(false));
  CHECK(read(*both.right).size() == 1);
  CHECK(both.right->arm(false));
}

TEST_CASE("who has disarmed is not rung for") {
  rings both;
  REQUIRE(both.right->arm(false));
  both.right->disarm();
  REQUIRE(write(*both.left, patterned(1)) == 1U);
  CHECK_FALSE(rung(*both.right));
  CHECK(both.right->has_arrived());
}

TEST_CASE("who is not muted any more rings for what is unread then, and for nothing else") {
  rings both;
  REQUIRE(both.right->arm(false));
  both.left->mute();
  REQUIRE(write(*both.left, patterned(10)) == 10U);
  CHECK_FALSE(rung(*both.right));
  both.left->unmute();
  CHECK(rung(*both.right));
  CHECK(read(*both.right).size() == 10);
  CHECK(read(*both.right).empty());

  both.left->mute();
  REQUIRE(write(*both.left, patterned(20)) == 20U);
  CHECK(read(*both.right).size() == 20);
  REQUIRE(both.right->arm(false));
  both.left->unmute();
  CHECK_FALSE(rung(*both.right));
  REQUIRE(write(*both.left, patterned(1)) == 1U);
  CHECK(rung(*both.right));
}

TEST_CASE("who waits for room is rung for when a good part of the ring is free") {
  rings both;
  REQUIRE(fill(*both.left) == ring_stream::ring_size);
  REQUIRE(both.left->arm(true));
  byte_vector some(ring_stream::ring_size / 4 - 1);
  REQUIRE(both.right->read(some) == some.size());
  CHECK_FALSE(rung(*both.left));
  REQUIRE(both.right->read(std::span(some).first(1)) == 1U);
  CHECK(rung(*both.left));
  CHECK_FALSE(both.left->arm(true));
}

TEST_CASE("a thread that waits for room sleeps until there is some, and its deadline ends it") {
  rings both;
  REQUIRE(fill(*both.left) == ring_stream::ring_size);
  const time_point deadline = steady::now() + 5ms;
  CHECK_FALSE(both.left->wait(wait_for::writing, deadline));
  CHECK(steady::now() >= deadline);
  std::thread reader([&] { read(*both.right); });
  CHECK(both.left->wait(wait_for::writing, steady::now() + 20s));
  reader.join();
}

TEST_CASE("a death is seen by who waits: for something to read, and for room") {
  for (const wait_for what : {wait_for::reading, wait_for::writing, wait_for::either}) {
    rings both;
    REQUIRE(fill(*both.left) == ring_stream::ring_size);
    // As a process that is killed: its end of the bell is closed, and its memory says nothing of it.
    const unique_fd gone(::dup(both.right->handle()));
    both.right->close();
    both.there().reader_left = both.back().writer_left = 0;
    std::thread death([&] { unique_fd(::dup(gone.get())).reset(); });
    death.join();
    const_cast<unique_fd&>(gone).reset();
    CHECK(both.left->wait(what, steady::now() + 20s));
    if (what == wait_for::writing) CHECK_FALSE(write(*both.left, patterned(1)));
    byte_vector room(10);
    both.left->arm(false);
    CHECK_FALSE(both.left->read(room));
  }
}

TEST_CASE("who leaves by its own will is seen without a call to the system, after what it has written") {
  rings both;
  REQUIRE(write(*both.right, patterned(3)) == 3U);
  both.right->close();
  CHECK(both.right->handle() == -1);
  CHECK_FALSE(write(*both.left, patterned(1)));
  CHECK(read(*both.left).size() == 3);
  byte_vector room(10);
  CHECK_FALSE(both.left->read(room));
  CHECK_FALSE(both.left->arm(false));
}

TEST_CASE("a side that claims to have written more than fits is a protocol_error") {
  rings both;
  both.there().written = ring_stream::ring_size + 1;
  byte_vector room(10);
  CHECK_THROWS_AS(both.right->read(room), workpool::protocol_error);
  CHECK_THROWS_WITH(both.right->read(room), Catch::Matchers::ContainsSubstring("more than the ring"));
}

TEST_CASE("a side that claims to have read what was not written is as good as gone") {
  rings both;
  REQUIRE(fill(*both.left) == ring_stream::ring_size);
  both.there().read = ring_stream::ring_size + 1;
  CHECK_FALSE(write(*both.left, patterned(1)));
}

TEST_CASE("two threads that wait for the same bell both hear of what comes") {
  for (int round = 0; round < 200; ++round) {
    rings both;
    std::thread listener([&] { both.right->wait(wait_for::reading, time_point::max()); });
    std::thread writer([&] {
      write(*both.left, patterned(1));
      write(*both.left, patterned(1));
    });
    // This one reads, and takes the bells that the other one may be about to hear.
    std::size_t got = 0;
    while (got < 2) {
      both.right->wait(wait_for::reading, time_point::max());
      got += read(*both.right).size();
      got += read(*both.right).size();  // that finds nothing takes the bells
    }
    writer.join();
    write(*both.left, patterned(1));  // it may sleep since what it was woken for has been read
    listener.join();
  }
}

TEST_CASE("a side that says it has left is heard no more, whichever of its words says so") {
  rings both;
  both.there().reader_left = 1;  // scribbled: the bell is open
  byte_vector room(10);
  CHECK_FALSE(both.left->arm(false));
  CHECK_FALSE(both.left->read(room));
  CHECK_FALSE(write(*both.left, patterned(1)));
}

TEST_CASE("a frame that could be read was sent, though nobody heard the bell") {
  rings both;
  REQUIRE(both.right->arm(false));
  const unique_fd other(::dup(both.right->handle()));
  ::shutdown(other.get(), SHUT_RDWR);
  CHECK(write(*both.left, patterned(1)) == 1U);
  CHECK_FALSE(write(*both.left, patterned(1)));
}
