#include <workpool/worker/worker_host.hpp>

#include "support/catch.hpp"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/errc.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/ipc/code_locator.hpp>
#include <workpool/ipc/socket_channel.hpp>

#include "support/forked.hpp"
#include "support/played_worker.hpp"

namespace wp = workpool;
using namespace wp::detail;
using workpool_test::encoded;
using workpool_test::played_worker;
using wp::errc;
using wp::frame_kind;

namespace {

int sum(int left, int right) { return left + right; }
std::string large(std::size_t size) { return std::string(size, 'x'); }
void unlucky() { throw std::runtime_error("no luck"); }
void gives_up() { throw wp::task_cancelled("gave up"); }
unsigned which_attempt() { return wp::this_worker::attempt(); }
wp::worker_id which_worker() { return wp::this_worker::id(); }
void show_life() { wp::this_worker::heartbeat(); }

/// Waits until it is asked to stop.
int until_stopped(std::stop_token stop, int gives) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock hold(mutex);
  changed.wait(hold, stop, [] { return false; });
  return stop.stop_requested() ? gives : -1;
}

/// What it does when it is asked to stop waits for the call to show once more that it lives. Gives: whether it did.
bool until_stopped_alive(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable changed;
  bool asked = false, alive = false, seen = false;
  const auto answer = [&] {
    std::unique_lock hold(mutex);
    asked = true;
    changed.notify_all();
    seen = changed.wait_for(hold, std::chrono::seconds(10), [&] { return alive; });
  };
  std::optional<std::stop_callback<decltype(answer)>> on_stop(std::in_place, stop, answer);
  wp::this_worker::heartbeat();
  std::unique_lock hold(mutex);
  changed.wait(hold, [&] { return asked; });
  hold.unlock();
  wp::this_worker::heartbeat();
  hold.lock();
  alive = true;
  changed.notify_all();
  hold.unlock();
  on_stop.reset();  // waits for it
  return seen;
}

std::atomic<wp::worker_id> started{0};
void note_start(wp::worker_id id) { started = id + 100; }

std::string text_of(const wp::frame& error) {
  wp::byte_reader in(error.payload);
  try {
    std::rethrow_exception(decode_exception(in));
  } catch (const std::exception& known) {
    return known.what();
  }
}

}  // namespace

TEST_CASE("a worker first tells its version, its number and its program") {
  played_worker one({.max_message = 100, .generation = 6});
  one.begin();
  const wp::frame hello = one.next();
  CHECK(hello.header.kind == frame_kind::hello);
  CHECK(hello.header.generation == 6);
  worker_greeting said;
  REQUIRE(hello.payload.size() == sizeof said);
  std::memcpy(&said, hello.payload.data(), sizeof said);
  CHECK(said.version == wp::protocol_version);
  CHECK(said.pid == own_pid());
  CHECK(said.program == main_module());
}

TEST_CASE("a worker calls its on_start with its id before it greets") {
  code_locator places;
  worker_setup setup{.max_message = 100, .generation = 1, .on_start = places.locate(code_address(&note_start))};
  started = 0;
  played_worker one(std::move(setup));
  one.begin();
  CHECK(one.next().header.kind == frame_kind::hello);
  CHECK(started == 103);
}

TEST_CASE("a worker answers calls and questions in their order, by task, attempt and generation") {
  played_worker one({.max_message = 4096, .generation = 2});
  one.begin();
  one.next();
  one.call(11, 1, sum, 40, 2);
  one.say(frame_kind::ping, 99);
  one.call(12, 3, which_attempt);
  one.call(13, 1, which_worker);
  const wp::frame first = one.next();
  CHECK(first.header.kind == frame_kind::result);
  CHECK((first.header.task == 11 && first.header.attempt == 1 && first.header.generation == 2));
  CHECK(first.header.flags == 0);
  CHECK(first.payload == encoded(42));
  const wp::frame pong = one.next();
  CHECK((pong.header.kind == frame_kind::pong && pong.header.task == 99 && pong.header.generation == 2));
  const wp::frame third = one.next();
  CHECK((third.header.task == 12 && third.header.attempt == 3));
  CHECK(third.payload == encoded(3U));
  CHECK(one.next().payload == encoded(wp::worker_id{3}));
}

TEST_CASE("what a call throws is told with its text, and the worker goes on") {
  played_worker one;
  one.begin();
  one.next();
  one.call(1, 1, unlucky);
  one.call(2, 1, sum, 1, 1);
  const wp::frame error = one.next();
  CHECK(error.header.kind == frame_kind::error);
  CHECK(error.header.flags == 0);
  CHECK(text_of(error) == "no luck");
  CHECK(one.next().payload == encoded(2));
}

TEST_CASE("errors of ours are told by their code") {
  played_worker one({.max_message = 100, .generation = 1});
  one.begin();
  one.next();
  const auto flags = [&] {
    const wp::frame answer = one.next();
    CHECK(answer.header.kind == frame_kind::error);
    return static_cast<errc>(answer.header.flags);
  };
  one.call(1, 1, gives_up);
  CHECK(flags() == errc::task_cancelled);
  one.call(2, 1, large, std::size_t{101});
  CHECK(flags() == errc::message_too_large);
  const auto send = [&](const std::vector<std::byte>& bytes) {
    static_cast<void>(one.host.send({.task = 3, .attempt = 1, .kind = frame_kind::task}, bytes));
  };
  send({});
  CHECK(flags() == errc::codec_error);
  send(encoded(call_target::code, std::vector<int>(100)));
  CHECK(flags() == errc::protocol_error);
  std::vector<std::byte> unknown;
  wp::byte_writer out(unknown, 100);
  out.write_raw(call_target::name);
  out.write_raw(std::uint32_t{3});
  out.write("who", 3);
  send(unknown);
  CHECK(flags() == errc::unsupported);
}

TEST_CASE("a call by name finds what was offered") {
  wp::offer("sum", sum);
  played_worker one;
  one.begin();
  one.next();
  std::vector<std::byte> bytes;
  wp::byte_writer out(bytes, 100);
  out.write_raw(call_target::name);
  out.write_raw(std::uint32_t{3});
  out.write("sum", 3);
  encode_arguments(out, 3, 4);
  static_cast<void>(one.host.send({.task = 1, .attempt = 1, .kind = frame_kind::task}, bytes));
  CHECK(one.next().payload == encoded(7));
}

TEST_CASE("a worker leaves with 0 when it is told to quit and when its host is gone") {
  played_worker quits;
  quits.begin();
  quits.say(frame_kind::quit);
  CHECK(quits.join() == 0);
  played_worker orphan;
  orphan.begin();
  orphan.next();
  orphan.host.close();
  CHECK(orphan.join() == 0);
}

TEST_CASE("a worker that is told nonsense leaves with 1") {
  played_worker one;
  one.begin();
  one.next();
  one.host.inject(std::vector<std::byte>(64, std::byte{0x41}));
  CHECK(one.join() == 1);
}

TEST_CASE("a heartbeat of a call goes out before its answer, with its task and attempt") {
  played_worker one;
  one.begin();
  one.next();
  one.call(21, 4, show_life);
  const wp::frame beat = one.next();
  CHECK(beat.header.kind == frame_kind::heartbeat);
  CHECK((beat.header.task == 21 && beat.header.attempt == 4));
  CHECK(one.next().header.kind == frame_kind::result);
}

TEST_CASE("a stop request reaches the token of the running call, and that of no other") {
  played_worker one;
  one.begin();
  one.next();
  for (const wp::task_id task : {31U, 32U}) {
    one.call(
        task, 1,
        [](std::stop_token stop, int gives) {
          wp::this_worker::heartbeat();
          return until_stopped(stop, gives);
        },
        5);
    CHECK(one.next().header.kind == frame_kind::heartbeat);
    one.say(frame_kind::stop, task + 100);
    one.say(frame_kind::stop, task);
    CHECK(one.next().payload == encoded(5));
  }
}

TEST_CASE("a stop request that arrives together with its call reaches the token") {
  played_worker one;
  one.call(41, 1, until_stopped, 6);
  one.say(frame_kind::stop, 41);
  one.begin();
  CHECK(one.next().header.kind == frame_kind::hello);
  CHECK(one.next().payload == encoded(6));
}

TEST_CASE("what a call does when it is asked to stop may wait for the call, which still shows that it lives") {
  played_worker one;
  one.begin();
  one.next();
  one.call(45, 1, until_stopped_alive);
  CHECK(one.next().header.kind == frame_kind::heartbeat);
  one.say(frame_kind::stop, 45);
  CHECK(one.next().header.kind == frame_kind::heartbeat);
  CHECK(one.next().payload == encoded(true));
}

TEST_CASE("a stop request for a call that asks for no token is dropped, and what was sent meanwhile is not") {
  played_worker one;
  one.call(51, 1, sum, 1, 2);
  one.say(frame_kind::stop, 51);
  one.call(52, 1, sum, 3, 4);
  one.begin();
  one.next();
  CHECK(one.next().payload == encoded(3));
  CHECK(one.next().payload == encoded(7));
}

TEST_CASE("a call that ends the thread of its worker ends the process with 1") {
  socket_pair ends = socket_pair::make(socket_kind::stream);
  REQUIRE(ends);
  code_locator places;
  std::vector<std::byte> bytes;
  wp::byte_writer out(bytes, 4096);
  out.write_raw(call_target::code);
  write_code(out, places.locate(code_address(static_cast<call_entry>([](call_frame&) { ::pthread_exit(nullptr); }))));
  wp::socket_channel host(std::move(ends.left), 4096);
  REQUIRE(host.send({.task = 1, .attempt = 1, .kind = frame_kind::task}, bytes) == wp::transfer::done);
  CHECK(workpool_test::code_of_child([&] {
          return worker_host<wp::socket_channel>(wp::socket_channel(std::move(ends.right), 4096), 0,
                                                 {.max_message = 100, .generation = 1})
              .run();
        }) == 1);
}
