#include <workpool/core/null_callable.hpp>

#include "support/catch.hpp"

#include <functional>
#include <type_traits>

namespace wp = workpool;
using Catch::Matchers::ContainsSubstring;

static_assert(std::is_nothrow_copy_constructible_v<wp::null_callable>);

TEST_CASE("a null callable is refused with the name of its task and what to do", "[null_callable]") {
  try {
    wp::detail::check_callable(std::function<void()>(), "thumb");
    FAIL("an empty std::function is taken");
  } catch (const std::bad_function_call& refused) {
    CHECK_THAT(refused.what(), ContainsSubstring("callable of task 'thumb' is null") &&
                                   ContainsSubstring("give it a function before it is submitted"));
  }
}

TEST_CASE("the callable of a task without a name is refused as well", "[null_callable]") {
  CHECK_THROWS_WITH(wp::detail::check_callable(static_cast<void (*)()>(nullptr)),
                    ContainsSubstring("callable of a task is null"));
}

TEST_CASE("what can be called, or cannot be null, is taken", "[null_callable]") {
  const auto lambda = [] {};
  STATIC_REQUIRE_FALSE(wp::detail::can_be_null<decltype(lambda)>);
  CHECK_NOTHROW(wp::detail::check_callable(lambda));
  CHECK_NOTHROW(wp::detail::check_callable(+lambda));
  CHECK_NOTHROW(wp::detail::check_callable(std::function<void()>(lambda)));
}
