#include <workpool/pool/basic_fork_pool.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/resilience/circuit_breaker.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/lost_worker.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::shared_numbers;

namespace {

enum class colour : std::uint8_t { red, green };
struct place {
  std::string name;
  std::vector<double> at;
  std::optional<colour> shade;
  std::map<std::string, int> counts;
  bool operator==(const place&) const = default;
};
using any_of_them = std::variant<int, std::string, place>;

template <class T>
T same(T value) {
  return value;
}
int twice(int value) { return 2 * value; }
int own_number() { return ::getpid(); }

/// What cannot be decoded when it is 13.
struct fragile {
  int value;
};

}  // namespace

namespace workpool { inline namespace v0 {
template <>
struct codec<fragile> {
  using parts = type_list<>;
  static void encode(byte_writer& into, const fragile& one) {
    if (one.value == 12) throw codec_error("12 is never sent");
    into.write_raw(one.value);
  }
  static fragile decode(byte_reader& from) {
    const int value = from.read_raw<int>();
    if (value == 13) throw codec_error("13 never arrives");
    return {value};
  }
};
}}  // namespace workpool::v0

TEST_CASE("values of many types travel to a task and back unchanged", "[fork_pool]") {
  wp::fork_pool pool(2);
  const place here{"here", {1.5, -0.0, 1e300}, colour::green, {{"a", 1}, {"", -1}}};
  CHECK(pool.submit(same<place>, here).get() == here);
  const std::vector<std::string> words{"", "one", std::string("nul\0inside", 10), std::string(100'000, 'x')};
  CHECK(pool.submit(same<std::vector<std::string>>, words).get() == words);
  CHECK(pool.submit(same<std::optional<std::string>>, std::nullopt).get() == std::nullopt);
  CHECK(pool.submit(same<any_of_them>, any_of_them(here)).get() == any_of_them(here));
  CHECK(pool.submit(same<any_of_them>, any_of_them(7)).get() == any_of_them(7));
  const std::tuple<int, std::array<char, 3>, std::chrono::nanoseconds> mixed{1, {'a', 'b', 'c'}, 5ms};
  CHECK(pool.submit(same<std::decay_t<decltype(mixed)>>, mixed).get() == mixed);
  CHECK(pool.submit(same<std::filesystem::path>, "/a b").get() == "/a b");
  CHECK(pool.submit(same<std::set<std::int64_t>>, std::set<std::int64_t>{INT64_MIN, 0, INT64_MAX}).get().size() == 3);
}

TEST_CASE("what can only be moved, and what is large, travels too", "[fork_pool]") {
  wp::fork_pool pool(1);
  auto owned =
      pool.submit([](std::unique_ptr<int> one) { return std::make_unique<int>(*one + 1); }, std::make_unique<int>(41));
  CHECK(*owned.get() == 42);
  std::vector<std::uint32_t> large(5'000'000 / sizeof(std::uint32_t));
  std::iota(large.begin(), large.end(), 0U);
  auto reversed = pool.submit(
      [](std::vector<std::uint32_t> all) {
        std::reverse(all.begin(), all.end());
        return all;
      },
      large);
  std::reverse(large.begin(), large.end());
  CHECK(reversed.get() == large);
}

TEST_CASE("a span and a string_view arrive as views of what was sent", "[fork_pool]") {
  wp::fork_pool pool(1);
  const std::vector<int> numbers{1, 2, 3};
  CHECK(pool.submit([](std::span<const int> all) { return std::accumulate(all.begin(), all.end(), 0); },
                    std::span<const int>(numbers))
            .get() == 6);
  const std::string text = "only the first word";
  CHECK(pool.submit([](std::string_view word) { return std::string(word) + "!"; }, std::string_view(text).substr(0, 4))
            .get() == "only!");
  CHECK(pool.submit([](const char* word) { return std::string(word); }, "as it is").get() == "as it is");
}

TEST_CASE("functions, their pointers and captureless lambdas run in the child, null ones nowhere", "[fork_pool]") {
  wp::fork_pool pool(1);
  int (*pointer)(int) = twice;
  CHECK(pool.submit(twice, 4).get() == 8);
  CHECK(pool.submit(pointer, 5).get() == 10);
  CHECK(pool.submit([](auto one, auto other) { return one + other; }, 2, 0.5).get() == 2.5);
  CHECK(pool.submit(own_number).get() != ::getpid());
  pointer = nullptr;
  CHECK_THROWS_AS(pool.submit(pointer, 1), std::bad_function_call);
  int captured = 0;
  const auto closure = [&captured] { ++captured; };
  STATIC_REQUIRE_FALSE(wp::remote_callable<decltype(closure)>);
  CHECK(pool.stats().accepted == 4);
}

TEST_CASE("an exception arrives with its type, its text and what is nested in it", "[fork_pool]") {
  wp::fork_pool pool(1);
  auto nested = pool.submit([] {
    try {
      throw std::out_of_range("the inner one");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("the outer one"));
    }
  });
  try {
    nested.get();
    FAIL("nothing was thrown");
  } catch (const wp::remote_error& outer) {
    CHECK(outer.type() == "std::runtime_error");
    CHECK(outer.what() == std::string("the outer one"));
    REQUIRE(outer.nested());
    try {
      std::rethrow_exception(outer.nested());
    } catch (const wp::remote_error& inner) {
      CHECK(inner.type() == "std::out_of_range");
      CHECK(inner.what() == std::string("the inner one"));
    }
  }
  auto number = pool.submit([] { throw 42; });
  try {
    number.get();
    FAIL("nothing was thrown");
  } catch (const wp::remote_error& thrown) {
    CHECK(thrown.type() == "int");
  }
  const wp::pool_stats now = pool.stats();
  CHECK(now.failed == 2);
  CHECK(now.worker_lost == 0);
}

TEST_CASE("a task that throws task_cancelled in its child ends as cancelled", "[fork_pool]") {
  wp::fork_pool pool(1);
  auto one = pool.submit([]() -> int { throw wp::task_cancelled("enough of it"); });
  CHECK_THROWS_AS(one.get(), wp::task_cancelled);
  CHECK(pool.stats().cancelled == 1);
  CHECK(pool.stats().failed == 0);
}

TEST_CASE("arguments above max_message are rejected, a result above it fails and the worker lives", "[fork_pool]") {
  wp::fork_pool pool({.workers = 1, .max_message = 100'000});
  const int worker = pool.submit(own_number).get();
  CHECK_THROWS_AS(pool.submit(same<std::string>, std::string(100'001, 'x')), wp::message_too_large);
  CHECK(pool.stats().rejected == 1);
  CHECK(pool.stats().accepted == 1);
  auto large = pool.submit([](std::size_t size) { return std::string(size, 'y'); }, std::size_t{100'001});
  CHECK_THROWS_AS(large.get(), wp::message_too_large);
  CHECK(pool.stats().failed == 1);
  CHECK(pool.submit(same<std::string>, std::string(99'000, 'z')).get().size() == 99'000);
  CHECK(pool.submit(own_number).get() == worker);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("what cannot be encoded is rejected, what cannot be decoded fails on the side it arrived", "[fork_pool]") {
  wp::fork_pool pool(1);
  const int worker = pool.submit(own_number).get();
  CHECK_THROWS_WITH(pool.submit(same<fragile>, fragile{12}), Catch::Matchers::Contains("12 is never sent"));
  CHECK_THROWS_AS(pool.submit(same<fragile>, fragile{12}), wp::codec_error);
  CHECK(pool.stats().rejected == 2);
  auto argument = pool.submit([](fragile one) { return one.value; }, fragile{13});
  CHECK_THROWS_AS(argument.get(), wp::codec_error);
  auto unsendable = pool.submit([](int value) { return fragile{value}; }, 12);
  CHECK_THROWS_AS(unsendable.get(), wp::codec_error);
  auto unreadable = pool.submit([](int value) { return fragile{value}; }, 13);
  CHECK_THROWS_WITH(unreadable.get(), Catch::Matchers::Contains("13 never arrives"));
  CHECK(pool.stats().failed == 3);
  CHECK(pool.submit(same<fragile>, fragile{14}).get().value == 14);
  CHECK(pool.submit(own_number).get() == worker);
}

TEST_CASE("a running task sees in its child that it was cancelled or has run too long", "[fork_pool]") {
  workpool_test::shared_numbers_side seen;
  workpool_test::told<wp::event::worker_exited> ends;
  {
    wp::fork_pool pool({.workers = 1, .abort_grace = 20s});
    pool.on_event<wp::event::worker_exited>(ends.ear());
    const auto until_stopped = [](std::stop_token stop, shared_numbers numbers, std::size_t where) {
      auto& row = numbers.row();
      row[where] = ::getpid();
      while (!stop.stop_requested()) std::this_thread::yield();
      row[where + 1] = 1;
    };
    auto cancelled = pool.submit(until_stopped, seen.handle(), std::size_t{0});
    REQUIRE(seen.await(0) != 0);
    CHECK(cancelled.cancel() == wp::cancel_result::stop_requested);
    CHECK_THROWS_AS(cancelled.get(), wp::task_cancelled);
    CHECK(seen.await(1) == 1);
    auto late = pool.submit({.timeout = 100ms}, until_stopped, seen.handle(), std::size_t{2});
    CHECK_THROWS_AS(late.get(), wp::task_timeout);
    CHECK(seen.await(3) == 1);
    CHECK(seen[0] != seen[2]);  // the successor did not wait for the first one
    CHECK(pool.stats().cancelled == 1);
    CHECK(pool.stats().timed_out == 1);
  }
  for (const auto& one : ends.now()) CHECK(one.report.signal == 0);  // each left within its grace
}

TEST_CASE("a task knows its worker and its attempt", "[fork_pool]") {
  wp::fork_pool pool(2);
  const auto worker = pool.submit([] { return wp::this_worker::id(); }).get();
  CHECK(worker < 2);
  CHECK(pool.submit([] { return wp::this_worker::attempt(); }).get() == 1);
  workpool_test::told<wp::event::task_retried> again;
  auto heard = pool.on_event<wp::event::task_retried>(again.ear());
  auto third = pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 1ms}}}, [] {
    if (wp::this_worker::attempt() < 3) std::abort();
    return wp::this_worker::attempt();
  });
  CHECK(third.get() == 3);
  heard.cancel();
  REQUIRE(again.now().size() == 2);
  CHECK(again.now()[1].attempt == 2);
  CHECK(again.now()[1].outcome == wp::outcome::worker_lost);
  const wp::pool_stats now = pool.stats();
  CHECK(now.retried == 2);
  CHECK(now.worker_lost == 0);
  workpool_test::check_balance(now);
}

TEST_CASE("without on_worker_lost a task that took its worker with it is not tried again", "[fork_pool]") {
  wp::fork_pool pool(1);
  auto once = pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 1ms}, .on_worker_lost = false}},
                          [] { ::_exit(1); });
  CHECK(workpool_test::loss_of(std::move(once)).report().attempt == 1);
  auto fails = pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 1ms}, .on_worker_lost = false}}, [] {
    if (wp::this_worker::attempt() < 3) throw std::runtime_error("not yet");
    return wp::this_worker::attempt();
  });
  CHECK(fails.get() == 3);
}

TEST_CASE("on_start runs in every worker before its first task", "[fork_pool]") {
  wp::fork_pool pool({.workers = 2, .on_start = [](wp::worker_id id) {
                        ::setenv("WORKPOOL_STARTED", std::to_string(id).c_str(), 1);
                      }});
  for (int n = 0; n < 10; ++n) {
    CHECK(pool.submit([] { return std::getenv("WORKPOOL_STARTED") == std::to_string(wp::this_worker::id()); }).get());
    if (n == 5) workpool_test::loss_of(pool.submit([] { ::_exit(9); }));
  }
  CHECK(std::getenv("WORKPOOL_STARTED") == nullptr);
}

TEST_CASE("a breaker counts failures in children and lost workers alike", "[fork_pool]") {
  wp::fork_pool pool(1);
  wp::circuit_breaker breaker({.failure_threshold = 2, .open_for = 1h});
  auto fails = pool.submit({.breaker = &breaker}, [] { throw std::runtime_error("no"); });
  CHECK_THROWS_AS(fails.get(), wp::remote_error);
  workpool_test::loss_of(pool.submit({.breaker = &breaker}, [] { ::_exit(1); }));
  CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, [] {}), wp::circuit_open);
  CHECK_NOTHROW(pool.submit([] {}).get());
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("a series goes on after a turn that threw and one that crashed", "[fork_pool]") {
  workpool_test::told<wp::event::task_settled> turns;
  wp::fork_pool pool({.workers = 1, .on_uncaught = wp::on_uncaught::ignore});
  auto heard = pool.on_event<wp::event::task_settled>(turns.ear());
  auto series = pool.post_every(1ms, [] {
    static int turn = 0;
    if (++turn == 2) throw std::runtime_error("a bad turn");
    if (turn == 4) std::abort();
  });
  const auto all = turns.await(7);
  series.cancel();
  heard.cancel();
  REQUIRE(all.size() >= 7);
  const std::vector<wp::outcome> wanted{wp::outcome::value, wp::outcome::failed, wp::outcome::value,
                                        wp::outcome::worker_lost, wp::outcome::value};
  for (std::size_t n = 0; n < wanted.size(); ++n) CHECK(all[n].outcome == wanted[n]);
}

TEST_CASE("a bulk gives the first error, and the death of a worker is one", "[fork_pool]") {
  wp::fork_pool pool(2);
  auto fails = pool.submit_bulk(20, [](std::size_t index) {
    if (index == 7) throw std::out_of_range("seven");
  });
  try {
    fails.get();
    FAIL("nothing was thrown");
  } catch (const wp::remote_error& thrown) {
    CHECK(thrown.type() == "std::out_of_range");
  }
  auto dies = pool.submit_bulk(20, [](std::size_t index) {
    if (index == 3) std::abort();
  });
  CHECK(workpool_test::loss_of(std::move(dies)).report().signal == SIGABRT);
  CHECK_NOTHROW(pool.submit_bulk(20, [](std::size_t) {}).get());
  pool.wait_idle();
  workpool_test::check_balance(pool.stats());
}
