#include <workpool/core/result_task.hpp>

#include "support/catch.hpp"
#include "support/object_census.hpp"

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

using workpool::outcome;
using workpool::detail::raise_outcome;
using workpool::detail::result_task;
using workpool_test::object_census;

namespace {

template <class T>
struct receptacle final : result_task<T> {
  void invoke() override {}
  void drop() noexcept override {}
};

template <class Expected>
std::string text_of(outcome result) {
  receptacle<int> one;
  one.describe_as(17, workpool::priority::normal);
  one.details().name = "thumb";
  try {
    raise_outcome(one, result);
  } catch (const Expected& thrown) {
    return thrown.what();
  }
}

}  // namespace

TEST_CASE("a result is made in place, moved out once and destroyed with the task") {
  object_census census;
  {
    receptacle<object_census::object> one;
    one.store([&] { return census.make(); });
    CHECK(census.alive() == 1);
    CHECK(census.copies() + census.moves() == 0);
    { const auto taken = one.take(); }
    CHECK(census.moves() == 1);
    CHECK(census.copies() == 0);
  }
  CHECK(census.alive() == 0);
}

TEST_CASE("a task without a result destroys none") {
  object_census census;
  {
    receptacle<object_census::object> never;
    receptacle<object_census::object> threw;
    CHECK_THROWS_AS(threw.store([]() -> object_census::object { throw 1; }), int);
  }
  CHECK(census.destroyed() == 0);
}

TEST_CASE("a result may be move-only, and needs no default constructor and no assignment") {
  receptacle<std::unique_ptr<const int>> one;
  one.store([] { return std::make_unique<const int>(7); });
  CHECK(*one.take() == 7);
}

TEST_CASE("a reference result refers to the same object") {
  int value = 7;
  receptacle<int&> lvalue;
  lvalue.store([&]() -> int& { return value; });
  STATIC_REQUIRE(std::is_same_v<decltype(lvalue.take()), int&>);
  CHECK(&lvalue.take() == &value);

  receptacle<const int&> constant;
  constant.store([&]() -> const int& { return value; });
  CHECK(&constant.take() == &value);
}

TEST_CASE("a void task runs what it is to store") {
  receptacle<void> one;
  int runs = 0;
  one.store([&] { ++runs; });
  one.take();
  CHECK(runs == 1);
  CHECK_THROWS_AS(one.store([] { throw 1; }), int);
}

TEST_CASE("each way to end without a value has its own error, which names the task") {
  CHECK(text_of<workpool::task_cancelled>(outcome::cancelled) == "task 17 'thumb' was cancelled");
  CHECK(text_of<workpool::task_expired>(outcome::expired) == "task 17 'thumb' waited longer than its expires_after");
  CHECK(text_of<workpool::task_timeout>(outcome::timed_out) ==
        "task 17 'thumb' ran longer than its timeout; its body is asked to stop and may still be running: let it own "
        "what it uses");
  CHECK(text_of<workpool::task_discarded>(outcome::discarded) == "task 17 'thumb' was discarded before it started");
  CHECK(text_of<workpool::pool_broken>(outcome::pool_broken) ==
        "task 17 'thumb' cannot run: its pool has no worker left");
  CHECK(text_of<workpool::worker_lost>(outcome::worker_lost) ==
        "task 17 'thumb' was lost: the worker that ran it ended");
  CHECK(text_of<workpool::no_state>(outcome::value) == "task 17 'thumb' has no result");
  CHECK(text_of<workpool::no_state>(outcome::failed) == "task 17 'thumb' has no result");
}

TEST_CASE("a kept exception is thrown as it was, whatever the outcome") {
  for (const outcome result : {outcome::failed, outcome::cancelled, outcome::worker_lost}) {
    receptacle<int> one;
    const auto error = std::make_exception_ptr(std::runtime_error("boom"));
    one.fail(error, false);
    try {
      raise_outcome(one, result);
    } catch (...) {
      CHECK(std::current_exception() == error);
    }
  }
}
