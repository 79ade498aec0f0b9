#include <workpool/pool/remote_calls.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/ipc/code_resolver.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/timekeeper.hpp>

#include "support/fake_link.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using namespace wp::detail;
using workpool_test::encoded;
using byte_vector = std::vector<std::byte>;

namespace {

struct unsendable {};
struct explosive {};

}  // namespace

template <>
struct workpool::codec<unsendable> {
  static void encode(byte_writer&, const unsendable&) { throw codec_error("this one stays here"); }
  static unsendable decode(byte_reader&) { return {}; }
};
template <>
struct workpool::codec<explosive> {
  static void encode(byte_writer&, const explosive&) { throw std::runtime_error("bang"); }
  static explosive decode(byte_reader&) { return {}; }
};

namespace {

/// A pool that makes tasks, and nothing else.
struct maker {
  explicit maker(std::size_t most = 4096) : calls(most, ledger) { calls.connect(crew.link()); }

  wp::pool_stats stats() const {
    wp::pool_stats now;
    ledger.write_to(now);
    return now;
  }

  workpool_test::fake_link crew;
  const wp::pool_options options{};
  task_ledger ledger{options};
  remote_calls calls;
};

byte_vector request_of(task& one) {
  byte_vector scratch;
  const auto bytes = one.elsewhere()->request(one, scratch);
  return {bytes.begin(), bytes.end()};
}

/// What a worker does with a request by code. Gives: the answer.
byte_vector answer_of(task& one, bool stopped = false) {
  const byte_vector request = request_of(one);
  workpool_test::probe_log log;
  workpool_test::probe_task self(log);
  self.begin_for_another(0);
  if (stopped) self.cancel();
  byte_vector answer;
  wp::byte_reader in(request);
  wp::byte_writer out(answer, 4096);
  code_resolver code;
  call_mark mark;
  std::uint64_t calls = 0;
  call_run run(mark, calls, 0, self);
  call_frame frame{in, out, self, code, run};
  REQUIRE(in.read_raw<call_target>() == call_target::code);
  const located_code at = read_code(in);
  function_at<void(call_frame&)>(code.resolve(at.location, at.path))(frame);
  return answer;
}

int difference(int left, int right) { return left - right; }
std::size_t last_index = 0;
void note_index(std::size_t index) { last_index = index; }
void note_seven() { last_index = 7; }

/// A pool for series: what is booked and posted, kept.
struct turning_pool {
  using turn = periodic_call<turning_pool>::body;
  void book(wp::time_point, std::unique_ptr<appointment> what) { booked.push_back(std::move(what)); }
  void post_turn(turn one) { turns.push_back(std::move(one)); }
  std::vector<std::unique_ptr<appointment>> booked;
  std::vector<turn> turns;
};

}  // namespace

TEST_CASE("a function and its arguments are in the request, and what it gives is in the answer") {
  maker pool;
  auto* const one = pool.calls.plain(difference, 50, 8);
  const wp::task_ref held(one);
  one->accept(*one, answer_of(*one));
  CHECK(one->take() == 42);
}

TEST_CASE("a lambda travels as its type alone, with arguments that are copied now") {
  maker pool;
  std::string text = "for";
  auto* const one =
      pool.calls.plain([](const std::string& left, int right) { return left + std::to_string(right); }, text, 4);
  const wp::task_ref held(one);
  text = "changed";
  CHECK(answer_of(*one) == encoded(std::string("for4")));
}

TEST_CASE("a callable that wants a stop token gets that of the task that runs it") {
  maker pool;
  auto* const one =
      pool.calls.plain([](std::stop_token stop, int value) { return stop.stop_requested() ? value : 0; }, 9);
  const wp::task_ref held(one);
  CHECK(answer_of(*one, false) == encoded(0));
  CHECK(answer_of(*one, true) == encoded(9));
}

TEST_CASE("what is made for a std::future and with options sends the same request") {
  maker pool;
  auto* const plain = pool.calls.plain(difference, 3, 4);
  const wp::task_ref first(plain);
  auto [promise, result] = pool.calls.promised(difference, 3, 4);
  const wp::task_ref second(promise);
  auto* const with = pool.calls.with(wp::task_options{}, difference, 3, 4);
  const wp::task_ref third(with);
  CHECK(request_of(*promise) == request_of(*plain));
  CHECK(request_of(*with) == request_of(*plain));
  promise->accept(*promise, encoded(-1));
  promise->deliver(wp::outcome::value);
  CHECK(result.get() == -1);
}

TEST_CASE("each call of a bulk calls the one function with its own index") {
  maker pool;
  bulk_task* const all = pool.calls.bulk({}, 3, note_index);
  const wp::task_ref held(all);
  for (const std::size_t index : {2U, 0U, 1U}) {
    CHECK(answer_of((*all)[index]).size() == sizeof(calls_made));
    CHECK(last_index == index);
  }
  all->break_off(0, nullptr);
  all->submitted();
}

TEST_CASE("a large bulk is of few tasks, unless each call has something of its own") {
  maker pool;
  remote_calls few(4096, pool.ledger, 64);
  few.connect(pool.crew.link());
  const auto parts = [&](const wp::task_options& options, std::size_t calls) {
    bulk_task* const all = few.bulk(options, calls, note_index);
    const wp::task_ref held(all);
    const std::size_t size = all->size();
    all->break_off(0, nullptr);
    all->submitted();
    return size;
  };
  CHECK(parts({}, 0) == 0);
  CHECK(parts({}, 63) == 63);
  CHECK(parts({.name = "named", .priority = wp::priority::high}, 1000) == 64);
  CHECK(parts({.timeout = std::chrono::seconds(1)}, 1000) == 1000);
  CHECK(parts({.expires_after = std::chrono::seconds(1)}, 1000) == 1000);
  CHECK(parts({.retry = {.max_attempts = 2}}, 1000) == 1000);
  CHECK(parts({.key = 7}, 1000) == 1000);
  wp::circuit_breaker breaker;
  CHECK(parts({.breaker = &breaker}, 1000) == 1000);
}

TEST_CASE("a call by name sends the name and the arguments, and no place of code") {
  maker pool;
  auto* const one = pool.calls.named<int>(wp::remote("resize"), 640, std::string("x"));
  const wp::task_ref held(one);
  const byte_vector request = request_of(*one);
  wp::byte_reader in(request);
  CHECK(in.read_raw<call_target>() == call_target::name);
  const auto name = in.take(in.read_raw<std::uint32_t>());
  CHECK(std::string(reinterpret_cast<const char*>(name.data()), name.size()) == "resize");
  const byte_vector rest(request.end() - static_cast<std::ptrdiff_t>(in.left()), request.end());
  CHECK(rest == encoded(640, std::string("x")));
}

TEST_CASE("what cannot be sent is refused where it is submitted, and counts as rejected") {
  maker pool(256);
  CHECK_THROWS_AS(pool.calls.plain([](const std::string&) {}, std::string(1000, 'x')), wp::message_too_large);
  CHECK(pool.stats().rejected == 1);
  CHECK_THROWS_AS(pool.calls.plain([](unsendable) {}, unsendable()), wp::codec_error);
  CHECK_THROWS_AS(pool.calls.plain(static_cast<void (*)()>(nullptr)), wp::unsupported);
  CHECK_THROWS_AS(pool.calls.named<void>(wp::remote("x"), std::string(1000, 'x')), wp::message_too_large);
  CHECK(pool.stats().rejected == 4);
  CHECK(pool.stats().submitted == 4);
  CHECK(pool.stats().accepted == 0);
}

TEST_CASE("what a codec of the user throws comes out as it is") {
  maker pool;
  CHECK_THROWS_WITH(pool.calls.plain([](explosive) {}, explosive()), "bang");
}

TEST_CASE("every turn of a series is a task with the same request, and the next one is booked when it is over") {
  maker maker;
  turning_pool pool;
  const auto series = maker.calls.series(pool, std::chrono::hours(1), note_seven);
  series->book_next();
  for (std::size_t turn = 1; turn <= 2; ++turn) {
    REQUIRE(pool.booked.size() == turn);
    pool.booked.back()->keep();
    REQUIRE(pool.turns.size() == 1);
    const wp::task_ref one(turning_pool::turn::as_task(std::move(pool.turns.front())));
    pool.turns.clear();
    last_index = 0;
    CHECK(answer_of(*one.get()).empty());
    CHECK(last_index == 7);
    one.get()->drop();
  }
  CHECK(pool.booked.size() == 3);
  series->cancel();
}
