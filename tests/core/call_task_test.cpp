#include <workpool/core/call_task.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/object_census.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

using workpool::outcome;
using workpool::task_ref;
using workpool::detail::call_task;
using workpool::detail::promise_task;
using workpool::detail::result_t;
using workpool::detail::submittable;
using workpool_test::fake_owner;
using workpool_test::object_census;

namespace {

template <class F, class... A>
std::unique_ptr<call_task<F, A...>> make_call(F&& callable, A&&... arguments) {
  return std::make_unique<call_task<F, A...>>(std::forward<F>(callable), std::forward<A>(arguments)...);
}

template <class F, class... A>
result_t<F, A...> call(F&& callable, A&&... arguments) {
  const auto one = make_call(std::forward<F>(callable), std::forward<A>(arguments)...);
  one->invoke();
  return one->take();
}

/// A std::future and the task behind it, accepted.
template <class F, class... A>
auto promise(fake_owner& owner, F&& callable, A&&... arguments) {
  auto one = std::make_unique<promise_task<F, A...>>(std::forward<F>(callable), std::forward<A>(arguments)...);
  one->describe_as(17, workpool::priority::normal);
  one->details().name = "thumb";
  one->accept_by(owner);
  auto result = one->get_future();
  return std::pair(task_ref(one.release()), std::move(result));
}

template <class T>
bool is_ready(const std::future<T>& result) {
  return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

int twice(int value) { return 2 * value; }

struct with_member {
  int base;
  int plus(int more) const { return base + more; }
};

struct throws_when_moved {
  throws_when_moved() = default;
  throws_when_moved(throws_when_moved&&) { throw std::runtime_error("moved"); }
};

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("copied"); }
  void operator()() const {}
};

}  // namespace

TEST_CASE("what can be called with its arguments, or with a stop token before them, can be submitted") {
  const auto plain = [](int) {};
  const auto stoppable = [](std::stop_token, int) {};
  const auto generic = [](auto&&...) {};
  const auto changes = [](int&) {};
  STATIC_REQUIRE(submittable<decltype(plain), int>);
  STATIC_REQUIRE(submittable<decltype(stoppable), int>);
  STATIC_REQUIRE_FALSE(submittable<decltype(plain)>);
  STATIC_REQUIRE_FALSE(submittable<decltype(plain), std::string>);
  STATIC_REQUIRE_FALSE(submittable<decltype(changes), int&>);
  STATIC_REQUIRE(submittable<decltype(changes), std::reference_wrapper<int>>);
  STATIC_REQUIRE(workpool::detail::plain<decltype(generic)>);
  STATIC_REQUIRE_FALSE(workpool::detail::takes_stop<decltype(generic)>);
}

TEST_CASE("functions, members, references by wrapper and literals are called as std::invoke calls them") {
  CHECK(call(twice, 21) == 42);
  CHECK(call(&with_member::plus, with_member{40}, 2) == 42);
  with_member object{42};
  CHECK(&call(&with_member::base, std::ref(object)) == &object.base);
  int value = 1;
  call([](int& it) { it = 42; }, std::ref(value));
  CHECK(value == 42);
  CHECK(call([](std::string_view text) { return text.size(); }, "four") == 4);
  CHECK(&call([](int& it) -> int& { return it; }, std::ref(value)) == &value);
  CHECK(*call([](std::unique_ptr<int> it) { return it; }, std::make_unique<int>(3)) == 3);
}

TEST_CASE("a mutable callable and one that can be called once only are called") {
  CHECK(call([count = 41]() mutable { return ++count; }) == 42);
  struct once {
    int operator()() && { return 42; }
  };
  CHECK(call(once{}) == 42);
}

TEST_CASE("arguments given as values are moved in once and never copied") {
  object_census callable_census, argument_census;
  {
    const auto one = make_call([it = callable_census.make()](object_census::object&&) { static_cast<void>(it); },
                               argument_census.make());
    CHECK(argument_census.moves() == 1);
    CHECK(callable_census.moves() == 1);
    one->invoke();
  }
  CHECK(argument_census.moves() == 1);
  CHECK(callable_census.moves() == 1);
  CHECK(argument_census.copies() + callable_census.copies() == 0);
  CHECK(argument_census.alive() + callable_census.alive() == 0);
}

TEST_CASE("arguments given as names are copied in once, and the caller's stay as they are") {
  object_census census;
  const auto mine = census.make();
  {
    const auto one = make_call([](object_census::object) {}, mine);
    CHECK(census.copies() == 1);
    CHECK(census.moves() == 0);
    one->invoke();
    CHECK(census.moves() == 1);  // into the parameter
  }
  CHECK(census.copies() == 1);
  CHECK(census.alive() == 1);
}

TEST_CASE("a copy or move that throws on the way in goes to the submitter, and destroys what was made") {
  object_census census;
  const throws_when_copied callable;
  CHECK_THROWS_WITH(make_call(callable), "copied");
  CHECK_THROWS_WITH(make_call([](object_census::object, throws_when_moved&&) {}, census.make(), throws_when_moved()),
                    "moved");
  CHECK(census.alive() == 0);
}

TEST_CASE("drop destroys callable and arguments, and only once") {
  object_census census;
  {
    const auto one =
        make_call([it = census.make()](const object_census::object&) { static_cast<void>(it); }, census.make());
    CHECK(census.alive() == 2);
    one->drop();
    CHECK(census.alive() == 0);
    one->drop();
  }
  CHECK(census.alive() == 0);
}

TEST_CASE("drop leaves the result alone") {
  const auto one = make_call([text = std::string(100, 'x')] { return text; });
  one->invoke();
  one->drop();
  CHECK(one->take() == std::string(100, 'x'));
}

TEST_CASE("a task that is not run destroys callable and arguments with itself") {
  object_census census;
  {
    const auto one = make_call([it = census.make()] { static_cast<void>(it); });
  }
  CHECK(census.alive() == 0);
}

TEST_CASE("a callable that needs a stop token gets the task's, before its arguments") {
  fake_owner owner;
  bool possible = false, before = true, afterwards = false;
  workpool::detail::task* self = nullptr;
  auto one = make_call(
      [&](std::stop_token token, int number) {
        possible = token.stop_possible();
        before = token.stop_requested();
        self->cancel();
        afterwards = token.stop_requested();
        return number;
      },
      5);
  self = one.get();
  one->accept_by(owner);
  one->start();
  one->invoke();
  one->drop();
  one->finish(outcome::value);
  CHECK(one->take() == 5);
  CHECK(possible);
  CHECK_FALSE(before);
  CHECK(afterwards);
}

TEST_CASE("what the body throws comes out of invoke") {
  const auto one = make_call([]() -> int { throw std::runtime_error("boom"); });
  CHECK_THROWS_WITH(one->invoke(), "boom");
}

TEST_CASE("a std::future gets the value, the reference, or that it is done") {
  fake_owner owner;
  auto [number, five] = promise(
      owner, [](int value) { return value; }, 5);
  CHECK_FALSE(is_ready(five));
  CHECK(fake_owner::run(std::move(number)));
  CHECK(five.get() == 5);

  auto [owning, pointer] = promise(owner, [] { return std::make_unique<int>(6); });
  CHECK(fake_owner::run(std::move(owning)));
  CHECK(*pointer.get() == 6);

  int value = 7;
  auto [referring, reference] = promise(owner, [&]() -> int& { return value; });
  CHECK(fake_owner::run(std::move(referring)));
  CHECK(&reference.get() == &value);

  auto [nothing, done] = promise(owner, [] {});
  CHECK(fake_owner::run(std::move(nothing)));
  CHECK_NOTHROW(done.get());
}

TEST_CASE("a std::future is ready only when the captures are gone") {
  fake_owner owner;
  object_census census;
  auto [task, result] = promise(owner, [it = census.make()] { static_cast<void>(it); });
  const auto sees_captures = [&census](auto& future) {
    return std::async(std::launch::async, [&] {
      future.wait();
      return census.alive();
    });
  };
  auto alive = sees_captures(result);
  CHECK(fake_owner::run(std::move(task)));
  CHECK(alive.get() == 0);
}

TEST_CASE("a std::future gets the exception of the task, which then counts as looked at") {
  fake_owner owner;
  auto [task, result] = promise(owner, []() -> int { throw std::runtime_error("boom"); });
  CHECK(fake_owner::run(std::move(task)));
  CHECK(owner.unobserved_errors.empty());
  CHECK(owner.held() == 0);
  CHECK_THROWS_WITH(result.get(), "boom");
}

TEST_CASE("a std::future of a withdrawn task says how it ended") {
  fake_owner owner;
  object_census census;
  auto [task, result] = promise(owner, [it = census.make()] {
    static_cast<void>(it);
    return 1;
  });
  task.get()->cancel();
  CHECK(census.alive() == 0);
  CHECK(is_ready(result));
  CHECK_THROWS_AS(result.get(), workpool::task_cancelled);

  auto thrown_away = promise(owner, [] {});
  thrown_away.first = task_ref();
  CHECK_THROWS_AS(thrown_away.second.get(), workpool::task_discarded);
}

TEST_CASE("a std::future of a task that was refused is told so by its promise") {
  fake_owner owner;
  auto [task, result] = promise(owner, [] {});
  task.get()->disown();
  task = task_ref();
  CHECK_THROWS_AS(result.get(), std::future_error);
}

TEST_CASE("a result whose move throws ends in the std::future as that exception") {
  fake_owner owner;
  auto [task, result] = promise(owner, [] { return throws_when_moved(); });
  CHECK(fake_owner::run(std::move(task)));
  CHECK_THROWS_WITH(result.get(), "moved");
}

TEST_CASE("a std::future may outlive its task, and be dropped before it") {
  fake_owner owner;
  auto kept = promise(owner, [] { return std::string("kept"); });
  CHECK(fake_owner::run(std::move(kept.first)));
  CHECK(kept.second.get() == "kept");

  auto dropped = promise(owner, []() -> int { throw 1; });
  dropped.second = {};
  CHECK(fake_owner::run(std::move(dropped.first)));
  CHECK(owner.unobserved_errors.empty());
}
