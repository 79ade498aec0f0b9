#include <workpool/core/future.hpp>

#include "support/accepted_task.hpp"
#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/gate.hpp"
#include "support/object_census.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using workpool::cancel_result;
using workpool::future;
using workpool::outcome;
using workpool::steady;
using workpool::submit_result;
using workpool_test::accept;
using workpool_test::as_worker_of;
using workpool_test::fake_owner;
using workpool_test::object_census;

TEST_CASE("a future moves and does not copy") {
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<future<int>>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<future<int>>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<future<int>>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<future<int>>);
}

TEMPLATE_TEST_CASE("an empty future says no_state where it can throw, and nothing where it cannot", "", int, int&,
                   void) {
  future<TestType> empty;
  CHECK_FALSE(empty.valid());
  CHECK_FALSE(empty.ready());
  CHECK(empty.id() == 0);
  CHECK(empty.outcome() == std::nullopt);
  CHECK(empty.cancel() == cancel_result::too_late);
  CHECK_THROWS_AS(empty.get(), workpool::no_state);
  CHECK_THROWS_AS(empty.get(workpool::help), workpool::no_state);
  CHECK_THROWS_AS(empty.wait(), workpool::no_state);
  CHECK_THROWS_AS(empty.wait_for(0s), workpool::no_state);
  CHECK_THROWS_AS(empty.wait_until(steady::now()), workpool::no_state);
  CHECK_THROWS_AS(std::move(empty).operator co_await(), workpool::no_state);
}

TEST_CASE("get gives the value once, and leaves the future empty") {
  fake_owner owner;
  auto one = accept(
      owner, [](int left, int right) { return left + right; }, 2, 3);
  CHECK(one.result.valid());
  CHECK_FALSE(one.result.ready());
  CHECK(one.result.id() == workpool_test::accepted_id);
  CHECK(one.result.outcome() == std::nullopt);
  fake_owner::run(std::move(one.queued));
  CHECK(one.result.ready());
  CHECK(one.result.outcome() == outcome::value);
  CHECK(one.result.get() == 5);
  CHECK_FALSE(one.result.valid());
  CHECK_FALSE(one.result.ready());
  CHECK_THROWS_AS(one.result.get(), workpool::no_state);
}

TEST_CASE("results may be move-only, references, or nothing") {
  fake_owner owner;
  auto moving = accept(owner, [] { return std::make_unique<int>(4); });
  fake_owner::run(std::move(moving.queued));
  CHECK(*moving.result.get() == 4);

  int value = 7;
  auto referring = accept(owner, [&]() -> int& { return value; });
  STATIC_REQUIRE(std::is_same_v<decltype(referring.result), future<int&>>);
  fake_owner::run(std::move(referring.queued));
  CHECK(&referring.result.get() == &value);

  auto nothing = accept(owner, [&] { value = 8; });
  fake_owner::run(std::move(nothing.queued));
  nothing.result.get();
  CHECK(value == 8);
  CHECK_THROWS_AS(nothing.result.get(), workpool::no_state);
}

TEST_CASE("a value is moved out once, never copied, and nothing of it is left") {
  object_census census;
  fake_owner owner;
  {
    auto one = accept(owner, [&] { return census.make(); });
    fake_owner::run(std::move(one.queued));
    CHECK(census.moves() == 0);
    const auto taken = one.result.get();
    CHECK(census.moves() == 1);
    CHECK(census.alive() == 1);
  }
  CHECK(census.copies() == 0);
  CHECK(census.alive() == 0);
}

TEST_CASE("what the task threw comes out of get as it was, and counts as looked at") {
  fake_owner owner;
  auto standard = accept(owner, []() -> int { throw std::runtime_error("boom"); });
  fake_owner::run(std::move(standard.queued));
  CHECK(standard.result.outcome() == outcome::failed);
  CHECK_THROWS_WITH(standard.result.get(), "boom");
  CHECK_FALSE(standard.result.valid());

  auto strange = accept(owner, [] { throw 42; });
  fake_owner::run(std::move(strange.queued));
  CHECK_THROWS_AS(strange.result.get(), int);

  CHECK(owner.unobserved_errors.empty());
  CHECK(owner.held() == 0);
}

TEST_CASE("an error that was never fetched is reported when the future goes") {
  fake_owner owner;
  {
    auto one = accept(owner, []() -> int { throw std::runtime_error("boom"); });
    fake_owner::run(std::move(one.queued));
    one.result.wait();
    CHECK(owner.unobserved_errors.empty());
  }
  REQUIRE(owner.unobserved_errors.size() == 1);
  CHECK(owner.unobserved_errors[0].id == workpool_test::accepted_id);
  CHECK(owner.held() == 0);
}

TEST_CASE("a withdrawn task says in get how it ended, and by name which it was") {
  fake_owner owner;
  auto cancelled = accept(owner, [] { return 1; });
  CHECK(cancelled.result.cancel() == cancel_result::dequeued);
  CHECK(cancelled.result.outcome() == outcome::cancelled);
  CHECK_FALSE(fake_owner::run(std::move(cancelled.queued)));
  CHECK_THROWS_WITH(cancelled.result.get(), "task 17 'thumb' was cancelled");

  auto discarded = accept(owner, [] { return 1; });
  discarded.queued = workpool::task_ref();
  CHECK(discarded.result.outcome() == outcome::discarded);
  CHECK_THROWS_AS(discarded.result.get(), workpool::task_discarded);
  CHECK(owner.unobserved_errors.empty());
}

TEST_CASE("a result whose move throws: get throws that, once, and the result is destroyed") {
  struct reluctant {
    explicit reluctant(std::shared_ptr<int> it) : kept(std::move(it)) {}
    reluctant(reluctant&&) { throw std::runtime_error("moved"); }
    std::shared_ptr<int> kept;
  };
  fake_owner owner;
  const auto kept = std::make_shared<int>(1);
  auto one = accept(owner, [&] { return reluctant(kept); });
  fake_owner::run(std::move(one.queued));
  CHECK(one.result.outcome() == outcome::value);
  CHECK_THROWS_WITH(one.result.get(), "moved");
  CHECK_FALSE(one.result.valid());
  CHECK(kept.use_count() == 1);
}

TEST_CASE("a future may outlive the pool whose task it was") {
  future<std::string> result;
  {
    fake_owner owner;
    auto one = accept(owner, [] { return std::string(100, 'x'); });
    fake_owner::run(std::move(one.queued));
    result = std::move(one.result);
  }
  CHECK(result.cancel() == cancel_result::too_late);
  CHECK(result.get() == std::string(100, 'x'));
}

TEST_CASE("dropping a future neither cancels nor blocks") {
  fake_owner owner;
  bool ran = false;
  auto one = accept(owner, [&] { ran = true; });
  one.result = {};
  CHECK(one.queued.waiting());
  CHECK(fake_owner::run(std::move(one.queued)));
  CHECK(ran);
}

TEST_CASE("moving a future empties the source, and assignment drops what was held") {
  object_census census;
  fake_owner owner;
  auto first = accept(owner, [] { return 1; });
  auto second = accept(owner, [it = census.make()] {
    static_cast<void>(it);
    return 2;
  });
  fake_owner::run(std::move(first.queued));
  future<int> moved = std::move(first.result);
  CHECK_FALSE(first.result.valid());
  second.queued.get()->cancel();
  second.queued = workpool::task_ref();
  second.result = std::move(moved);
  CHECK_FALSE(moved.valid());  // NOLINT(bugprone-use-after-move)
  future<int>& same = second.result;
  second.result = std::move(same);
  CHECK(second.result.get() == 1);
}

TEST_CASE("a wait with a limit tells whether the task has ended") {
  fake_owner owner;
  auto one = accept(owner, [] { return 1; });
  CHECK(one.result.wait_for(0s) == std::future_status::timeout);
  CHECK(one.result.wait_for(-1h) == std::future_status::timeout);
  CHECK(one.result.wait_until(workpool::time_point::min()) == std::future_status::timeout);
  const auto deadline = steady::now() + 3ms;
  CHECK(one.result.wait_until(deadline) == std::future_status::timeout);
  CHECK(steady::now() >= deadline);
  fake_owner::run(std::move(one.queued));
  CHECK(one.result.wait_for(0s) == std::future_status::ready);
  CHECK(one.result.wait_for(workpool::duration::max()) == std::future_status::ready);
  CHECK(one.result.wait_until(workpool::time_point::min()) == std::future_status::ready);
}

TEST_CASE("an endless wait_for does not overflow into a deadline of the past") {
  fake_owner owner;
  auto one = accept(owner, [] { return 1; });
  std::atomic<bool> ready{false};
  std::jthread waiting([&] { ready = one.result.wait_for(workpool::duration::max()) == std::future_status::ready; });
  while (!one.task().state().watched()) std::this_thread::yield();
  fake_owner::run(std::move(one.queued));
  waiting.join();
  CHECK(ready);
}

TEST_CASE("any number of threads may wait, look and cancel while the task runs") {
  constexpr int threads = 6, rounds = 60;
  std::atomic<int> wrong{0};
  for (int round = 0; round < rounds; ++round) {
    fake_owner owner;
    int written = 0;  // not atomic: the wait is what orders it
    auto one = accept(owner, [&] { return ++written; });
    std::vector<std::jthread> looking;
    for (int t = 0; t < threads; ++t) {
      looking.emplace_back([&, t] {
        static_cast<void>(one.result.ready());
        static_cast<void>(one.result.outcome());
        if (t == 0 && round % 3 == 0) one.result.cancel();
        if (t % 2 == 0) {
          one.result.wait();
        } else {
          while (one.result.wait_for(50us) != std::future_status::ready) {
          }
        }
        const auto end = one.result.outcome();
        if (!one.result.ready() || (end == outcome::value ? written != 1 : end != outcome::cancelled)) ++wrong;
      });
    }
    fake_owner::run(std::move(one.queued));
  }
  CHECK(wrong == 0);
}

TEST_CASE("captures are gone when wait and get return") {
  constexpr int rounds = 300;
  int late = 0;
  for (int round = 0; round < rounds; ++round) {
    fake_owner owner;
    bool destroyed = false;  // not atomic: the wait is what orders it
    struct guard {
      bool* flag;
      explicit guard(bool& it) : flag(&it) {}
      guard(guard&& other) noexcept : flag(std::exchange(other.flag, nullptr)) {}
      ~guard() {
        if (flag != nullptr) *flag = true;
      }
    };
    auto one = accept(owner, [it = guard(destroyed)] { return it.flag != nullptr; });
    std::jthread running([&, queued = std::move(one.queued)]() mutable {
      if (round % 2 == 0) {
        fake_owner::run(std::move(queued));
      } else {
        queued.get()->cancel();
      }
    });
    one.result.wait();
    if (!destroyed) ++late;
  }
  CHECK(late == 0);
}

TEST_CASE("cancelling destroys the captures before it returns, a capture may look at the future meanwhile") {
  fake_owner owner;
  object_census census;
  std::optional<bool> ready_during;
  future<void>* result = nullptr;
  struct looker {
    std::optional<bool>* seen;
    future<void>** result;
    looker(std::optional<bool>& to, future<void>*& of) : seen(&to), result(&of) {}
    looker(looker&& other) noexcept : seen(std::exchange(other.seen, nullptr)), result(other.result) {}
    ~looker() {
      if (seen != nullptr) *seen = (*result)->ready();
    }
  };
  auto one = accept(owner, [it = census.make(), l = looker(ready_during, result)] {
    static_cast<void>(it);
    static_cast<void>(l);
  });
  result = &one.result;
  CHECK(one.result.cancel() == cancel_result::dequeued);
  CHECK(census.alive() == 0);
  CHECK(ready_during == false);
  CHECK(one.result.ready());
}

TEST_CASE("cancelling a running task asks it to stop and settles nothing") {
  fake_owner owner;
  gate started;
  auto one = accept(owner, [&](std::stop_token token) {
    started.wait();
    while (!token.stop_requested()) std::this_thread::yield();
    return 5;
  });
  std::jthread worker([queued = std::move(one.queued)]() mutable { fake_owner::run(std::move(queued)); });
  started.await_arrivals(1);
  CHECK(one.result.cancel() == cancel_result::stop_requested);
  CHECK_FALSE(one.result.ready());
  started.open();
  CHECK(one.result.get() == 5);
}

TEST_CASE("get(help) runs the task here when nobody has started it") {
  fake_owner owner;
  auto one = accept(owner, [] { return std::this_thread::get_id(); });
  CHECK(one.result.get(workpool::help) == std::this_thread::get_id());
  CHECK(owner.runs_here == 1);
  CHECK_FALSE(fake_owner::run(std::move(one.queued)));
}

TEST_CASE("get(help) waits for a task that has started, and tells how a withdrawn one ended") {
  fake_owner owner;
  gate started;
  auto running = accept(owner, [&] {
    started.wait();
    return std::this_thread::get_id();
  });
  std::jthread worker([queued = std::move(running.queued)]() mutable { fake_owner::run(std::move(queued)); });
  started.await_arrivals(1);
  started.open();
  CHECK(running.result.get(workpool::help) == worker.get_id());

  auto cancelled = accept(owner, [] { return 1; });
  cancelled.result.cancel();
  CHECK_THROWS_AS(cancelled.result.get(workpool::help), workpool::task_cancelled);
  CHECK(owner.runs_here == 0);
}

TEST_CASE("get on a worker of the same pool runs the task there") {
  fake_owner owner;
  auto one = accept(owner, [] { return std::this_thread::get_id(); });
  const as_worker_of mark(owner);
  CHECK(one.result.get() == std::this_thread::get_id());
  CHECK(owner.runs_here == 1);
}

TEST_CASE("a task is run once when its worker and a helper want it at the same time") {
  constexpr int rounds = 500;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    fake_owner owner;
    std::atomic<int> runs{0};
    auto one = accept(owner, [&] { return ++runs; });
    std::latch begin(2);
    std::jthread worker([&, queued = std::move(one.queued)]() mutable {
      begin.arrive_and_wait();
      fake_owner::run(std::move(queued));
    });
    begin.arrive_and_wait();
    if (one.result.get(workpool::help) != 1 || runs != 1) ++wrong;
  }
  CHECK(wrong == 0);
}

namespace {

/// The smallest coroutine: runs at once, until it ends; its result is what it writes.
struct detached {
  struct promise_type {
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

struct awaited_report {
  std::optional<int> value;
  std::exception_ptr error;
  std::thread::id where;
  std::atomic<bool> done{false};
};

detached await_into(future<int> awaited, awaited_report& report) {
  try {
    report.value = co_await std::move(awaited);
  } catch (...) {
    report.error = std::current_exception();
  }
  report.where = std::this_thread::get_id();
  report.done = true;
}

detached await_nothing(future<void> awaited, bool& done) {
  co_await std::move(awaited);
  done = true;
}

detached await_reference(future<int&> awaited, int*& seen) { seen = &co_await std::move(awaited); }

}  // namespace

TEST_CASE("a coroutine goes on with the value, on the thread that ran the task") {
  fake_owner owner;
  awaited_report report;
  auto one = accept(owner, [] { return 5; });
  await_into(std::move(one.result), report);
  CHECK_FALSE(report.done);
  std::thread::id worker;
  std::thread([&] {
    worker = std::this_thread::get_id();
    fake_owner::run(std::move(one.queued));
  }).join();
  CHECK(report.done);
  CHECK(report.value == 5);
  CHECK(report.where == worker);
}

TEST_CASE("a coroutine does not stop for a task that has ended") {
  fake_owner owner;
  awaited_report report;
  auto one = accept(owner, [] { return 5; });
  fake_owner::run(std::move(one.queued));
  await_into(std::move(one.result), report);
  CHECK(report.value == 5);
  CHECK(report.where == std::this_thread::get_id());
}

TEST_CASE("a coroutine gets what the task threw, or how it was withdrawn") {
  fake_owner owner;
  awaited_report failed, withdrawn;
  auto throwing = accept(owner, []() -> int { throw std::runtime_error("boom"); });
  await_into(std::move(throwing.result), failed);
  fake_owner::run(std::move(throwing.queued));
  CHECK_THROWS_WITH(std::rethrow_exception(failed.error), "boom");

  auto cancelled = accept(owner, [] { return 5; });
  await_into(std::move(cancelled.result), withdrawn);
  CHECK(cancelled.task().cancel() == cancel_result::dequeued);
  CHECK_THROWS_AS(std::rethrow_exception(withdrawn.error), workpool::task_cancelled);
  CHECK(owner.unobserved_errors.empty());
}

TEST_CASE("a coroutine may wait for nothing and for a reference") {
  fake_owner owner;
  bool done = false;
  auto nothing = accept(owner, [] {});
  await_nothing(std::move(nothing.result), done);
  fake_owner::run(std::move(nothing.queued));
  CHECK(done);

  int value = 1;
  int* seen = nullptr;
  auto referring = accept(owner, [&]() -> int& { return value; });
  await_reference(std::move(referring.result), seen);
  fake_owner::run(std::move(referring.queued));
  CHECK(seen == &value);
}

TEST_CASE("a coroutine that waits while the task ends goes on exactly once") {
  constexpr int rounds = 500;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    fake_owner owner;
    awaited_report report;
    auto one = accept(owner, [round] { return round; });
    std::latch begin(2);
    std::jthread worker([&, queued = std::move(one.queued)]() mutable {
      begin.arrive_and_wait();
      fake_owner::run(std::move(queued));
    });
    begin.arrive_and_wait();
    await_into(std::move(one.result), report);
    worker.join();
    if (!report.done || report.value != round) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a submit_result is a future, or says why there is none") {
  fake_owner owner;
  auto one = accept(owner, [] { return 5; });
  submit_result<int> accepted(std::move(one.result));
  CHECK(accepted);
  CHECK(accepted.error() == workpool::errc());
  fake_owner::run(std::move(one.queued));
  CHECK((*accepted).ready());
  future<int> taken = *std::move(accepted);
  CHECK(taken.get() == 5);

  submit_result<int> refused(workpool::errc::queue_full);
  CHECK_FALSE(refused);
  CHECK(refused.error() == workpool::errc::queue_full);
  CHECK_THROWS_AS(*refused, workpool::queue_full);
  CHECK_THROWS_AS(*std::move(refused), workpool::queue_full);
  CHECK_THROWS_WITH(*refused, Catch::Matchers::ContainsSubstring("refused") &&
                                  Catch::Matchers::ContainsSubstring("full") &&
                                  Catch::Matchers::ContainsSubstring("error()"));
}
