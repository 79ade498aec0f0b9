#include <workpool/pool/local_calls.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <workpool/core/error.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

TEST_CASE("a call that is made here carries its arguments as they are") {
  const std::unique_ptr<wp::detail::call_task<int (*)(std::unique_ptr<int>), std::unique_ptr<int>>> made(
      wp::detail::local_calls::plain<int (*)(std::unique_ptr<int>), std::unique_ptr<int>>(
          [](std::unique_ptr<int> value) { return *value + 1; }, std::make_unique<int>(41)));
  made->invoke();
  CHECK(made->take() == 42);
}

TEST_CASE("a call that may be run once only is refused more attempts before it is made") {
  auto mutable_call = [text = std::string("x")]() mutable { text += "y"; };
  using call = decltype(mutable_call);
  const wp::task_options again{.retry = {.max_attempts = 2}};
  CHECK_THROWS_AS((wp::detail::local_calls::with<call>(again, std::move(mutable_call))), wp::bad_config);
}

TEST_CASE("a call that is made for a std::future gives its result there") {
  auto [made, result] = wp::detail::local_calls::promised([](int value) { return value; }, 3);
  const std::unique_ptr<wp::detail::task> owned(made);
  made->invoke();
  made->deliver(wp::outcome::value);
  CHECK(result.get() == 3);
}
