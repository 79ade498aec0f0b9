#include <workpool/worker/worker_line.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/poll_one.hpp>
#include <workpool/ipc/loopback_channel.hpp>
#include <workpool/ipc/ring_channel.hpp>

#include "support/frame_bytes.hpp"

namespace wp = workpool;
using workpool_test::patterned;
using line_type = wp::detail::worker_line<wp::loopback_channel>;

namespace {

/// A worker's line, and the host's end of it.
struct ends {
  explicit ends(wp::loopback_options options = {}) : ends(*wp::loopback_channel::make_pair(options)) {}
  explicit ends(std::pair<wp::loopback_channel, wp::loopback_channel> both)
      : host(std::move(both.first)), worker(std::move(both.second)) {}

  void say(wp::frame_kind kind, wp::task_id task) {
    REQUIRE(host.send({.task = task, .kind = kind}, {}) == wp::transfer::done);
  }

  wp::loopback_channel host;
  line_type worker;
};

const auto always = [] { return true; };

}  // namespace

TEST_CASE("frames are received in the order in which they were sent, and then the end") {
  ends line;
  line.say(wp::frame_kind::task, 1);
  line.say(wp::frame_kind::ping, 2);
  line.host.close();
  wp::frame got;
  REQUIRE(line.worker.receive(got));
  CHECK(got.header.task == 1);
  REQUIRE(line.worker.receive(got));
  CHECK(got.header.task == 2);
  CHECK_FALSE(line.worker.receive(got));
}

TEST_CASE("who receives waits for a frame that is sent later") {
  ends line;
  std::thread later([&] { static_cast<void>(line.host.send({.task = 5, .kind = wp::frame_kind::task}, {})); });
  wp::frame got;
  CHECK(line.worker.receive(got));
  CHECK(got.header.task == 5);
  later.join();
}

TEST_CASE("who sends waits until the other side has read enough, and the answer arrives whole") {
  ends line({.capacity = 100});
  const auto payload = patterned(5000);
  bool sent = false;
  std::thread worker([&] { sent = line.worker.send({.task = 8, .kind = wp::frame_kind::result}, payload); });
  wp::frame got;
  while (line.host.receive(got) == wp::transfer::blocked) line.host.wait(wp::wait_for::reading, wp::time_point::max());
  worker.join();
  CHECK(sent);
  CHECK(got.payload == payload);
}

TEST_CASE("an answer that was lent is nobody else's once it is sent") {
  ends line({.capacity = 100});
  const auto payload = std::make_shared<const workpool_test::byte_vector>(patterned(5000));
  bool sent = false;
  std::thread worker([&] { sent = line.worker.send({.task = 8, .kind = wp::frame_kind::result}, *payload, payload); });
  wp::frame got;
  while (line.host.receive(got) == wp::transfer::blocked) line.host.wait(wp::wait_for::reading, wp::time_point::max());
  worker.join();
  CHECK(sent);
  CHECK(got.payload == *payload);
  CHECK(payload.use_count() == 1);
}

TEST_CASE("who sends to a host that is gone learns it, also in the middle of a frame") {
  ends gone;
  gone.host.close();
  CHECK_FALSE(gone.worker.send({.kind = wp::frame_kind::pong}));

  ends line({.capacity = 100});
  bool sent = true;
  std::thread worker([&] { sent = line.worker.send({.kind = wp::frame_kind::result}, patterned(5000)); });
  line.host.wait(wp::wait_for::reading, wp::time_point::max());
  line.host.close();
  worker.join();
  CHECK_FALSE(sent);
}

namespace {

bool rung(const wp::ring_channel& host) {
  return wp::detail::poll_one(host.wait_handle(), wp::detail::poll_for::reading, wp::time_point::min());
}

}  // namespace

TEST_CASE("a host that sleeps is rung for an answer when its worker waits") {
  auto both = wp::ring_channel::make_pair();
  REQUIRE(both);
  wp::ring_channel host = std::move(both->first);
  wp::detail::worker_line<wp::ring_channel> worker(std::move(both->second));
  REQUIRE(host.arm());
  REQUIRE(worker.answer({.task = 1, .kind = wp::frame_kind::result}, {}));
  CHECK_FALSE(rung(host));
  std::thread waits([&] {
    wp::frame next;
    CHECK_FALSE(worker.receive(next));
  });
  CHECK(wp::detail::poll_one(host.wait_handle(), wp::detail::poll_for::reading, wp::time_point::max()));
  wp::frame got;
  REQUIRE(host.receive(got) == wp::transfer::done);
  CHECK(got.header.task == 1);
  host.close();
  waits.join();
}

TEST_CASE("a host that has read its answer is not rung for it") {
  auto both = wp::ring_channel::make_pair();
  REQUIRE(both);
  wp::ring_channel host = std::move(both->first);
  wp::detail::worker_line<wp::ring_channel> worker(std::move(both->second));
  for (wp::task_id task = 1; task <= 100; ++task) {
    REQUIRE(worker.answer({.task = task, .kind = wp::frame_kind::result}, {}));
    wp::frame got;
    REQUIRE(host.receive(got) == wp::transfer::done);
    CHECK(got.header.task == task);
    REQUIRE(host.arm());
    REQUIRE(host.send({.task = task, .kind = wp::frame_kind::task}, {}) == wp::transfer::done);
    REQUIRE(worker.receive(got));
    CHECK_FALSE(rung(host));
  }
}

TEST_CASE("a host that sleeps is rung for many answers, though there is always more to do") {
  auto both = wp::ring_channel::make_pair();
  REQUIRE(both);
  wp::ring_channel host = std::move(both->first);
  wp::detail::worker_line<wp::ring_channel> worker(std::move(both->second));
  REQUIRE(host.arm());
  wp::frame got;
  unsigned answers = 0;
  while (!rung(host)) {
    REQUIRE(answers < 100);
    REQUIRE(host.send({.task = answers, .kind = wp::frame_kind::task}, {}) == wp::transfer::done);
    REQUIRE(worker.receive(got));
    REQUIRE(worker.answer({.task = answers, .kind = wp::frame_kind::result}, {}));
    ++answers;
  }
  CHECK(answers > 1);
}

TEST_CASE("what a listener does not take is received later, before what comes after it") {
  ends line;
  line.say(wp::frame_kind::ping, 1);
  line.say(wp::frame_kind::stop, 2);
  line.say(wp::frame_kind::task, 3);
  std::vector<wp::task_id> taken;
  CHECK(line.worker.listen(always, [&](const wp::frame& one) {
    if (one.header.kind != wp::frame_kind::stop) return false;
    taken.push_back(one.header.task);
    return true;
  }));
  CHECK(taken == std::vector<wp::task_id>{2});
  line.say(wp::frame_kind::quit, 4);
  for (const wp::task_id expected : {1U, 3U, 4U}) {
    wp::frame got;
    REQUIRE(line.worker.receive(got));
    CHECK(got.header.task == expected);
  }
}

TEST_CASE("a listener that is not wanted reads nothing") {
  ends line;
  line.say(wp::frame_kind::stop, 1);
  int taken = 0;
  CHECK(line.worker.listen([] { return false; }, [&](const wp::frame&) { return ++taken != 0; }));
  CHECK(taken == 0);
  wp::frame got;
  REQUIRE(line.worker.receive(got));
  CHECK(got.header.kind == wp::frame_kind::stop);
}

TEST_CASE("a listener learns that the host is gone, and what it kept is still received") {
  ends line;
  line.say(wp::frame_kind::ping, 1);
  line.host.close();
  CHECK_FALSE(line.worker.listen(always, [](const wp::frame&) { return false; }));
  wp::frame got;
  CHECK(line.worker.receive(got));
  CHECK_FALSE(line.worker.receive(got));
}

TEST_CASE("while one thread sends another one listens, and both get through") {
  constexpr wp::task_id count = 2000;
  ends line({.capacity = 200});
  std::atomic<bool> listening{true};
  std::atomic<int> heard{0};
  std::thread listener([&] {
    while (listening) {
      line.worker.await_reading();
      line.worker.listen(always, [&](const wp::frame& one) {
        if (one.header.kind == wp::frame_kind::quit) listening = false;
        return ++heard != 0;
      });
    }
  });
  std::thread worker([&] {
    for (wp::task_id n = 0; n < count; ++n) line.worker.send({.task = n, .kind = wp::frame_kind::heartbeat});
  });
  bool in_order = true;
  wp::task_id arrived = 0;
  for (wp::task_id sent = 0; arrived < count || sent <= count || line.host.wants_to_write();) {
    wp::frame got;
    while (line.host.receive(got) == wp::transfer::done) in_order = in_order && got.header.task == arrived++;
    if (line.host.wants_to_write()) static_cast<void>(line.host.flush());
    if (sent <= count && !line.host.wants_to_write()) {
      static_cast<void>(line.host.send({.kind = sent == count ? wp::frame_kind::quit : wp::frame_kind::stop}, {}));
      ++sent;
    }
  }
  worker.join();
  listener.join();
  CHECK(in_order);
  CHECK(heard == static_cast<int>(count) + 1);
}

TEST_CASE("what is no frame comes out of receive as a protocol_error") {
  ends line;
  line.host.inject(patterned(100));
  wp::frame got;
  CHECK_THROWS_AS(line.worker.receive(got), wp::protocol_error);
}
