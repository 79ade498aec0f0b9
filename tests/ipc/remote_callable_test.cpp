#include <workpool/ipc/remote_callable.hpp>

#include "support/catch.hpp"

#include <functional>
#include <string>
#include <type_traits>

using workpool::remote_callable;
using workpool::detail::remake;

namespace {

[[maybe_unused]] int twice(int number) { return 2 * number; }
[[maybe_unused]] int never_throws(int number) noexcept { return number; }

struct nothing {
  int operator()(int number) const { return number + 1; }
};

struct nothing_without_default {
  explicit nothing_without_default(int) {}
  int operator()(int number) const { return number + 2; }
};

struct something {
  int held = 0;
  int operator()() const { return held; }
  int method() const { return held; }
};

struct nothing_that_cannot_be_made {
  explicit nothing_that_cannot_be_made(int) {}
  nothing_that_cannot_be_made(const nothing_that_cannot_be_made&) {}
  void operator()() const {}
};

struct nothing_but_virtual {
  virtual ~nothing_but_virtual() = default;
  virtual int operator()() const { return 1; }
};

}  // namespace

TEST_CASE("functions, and pointers and references to them, can be called remotely") {
  STATIC_REQUIRE(remote_callable<decltype(twice)>);
  STATIC_REQUIRE(remote_callable<decltype(&twice)>);
  STATIC_REQUIRE(remote_callable<decltype((twice))>);
  STATIC_REQUIRE(remote_callable<int (*const&)(int)>);
  STATIC_REQUIRE(remote_callable<decltype(&never_throws)>);
  workpool::detail::check_remote_callable<decltype((twice))>();
}

TEST_CASE("objects without members can be called remotely, whatever reference they come as") {
  const auto lambda = [](int number) { return number; };
  const auto generic = [](auto value) { return value; };
  auto mutating = [](int number) mutable { return ++number; };
  STATIC_REQUIRE(remote_callable<decltype(lambda)>);
  STATIC_REQUIRE(remote_callable<decltype((lambda))>);
  STATIC_REQUIRE(remote_callable<decltype(generic)&&>);
  STATIC_REQUIRE(remote_callable<decltype(mutating)>);
  STATIC_REQUIRE(remote_callable<nothing>);
  STATIC_REQUIRE(remote_callable<nothing_without_default>);
  STATIC_REQUIRE(remote_callable<std::plus<>>);
  workpool::detail::check_remote_callable<decltype((lambda))>();
  workpool::detail::check_remote_callable<std::plus<>>();
}

TEST_CASE("what holds something cannot be called remotely") {
  int value = 0;
  const auto by_copy = [value] { return value; };
  const auto by_reference = [&value] { return value; };
  const auto by_default = [=] { return value; };
  const auto empty_member = [inner = nothing()] { return inner(1); };
  STATIC_REQUIRE_FALSE(remote_callable<decltype(by_copy)>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(by_reference)>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(by_default)>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(empty_member)>);
  STATIC_REQUIRE_FALSE(remote_callable<something>);
  STATIC_REQUIRE_FALSE(remote_callable<std::function<int(int)>>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(std::bind(twice, 1))>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(std::bind(nothing(), 1))>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(std::bind_front(twice))>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(std::mem_fn(&something::method))>);
  STATIC_REQUIRE_FALSE(remote_callable<std::reference_wrapper<decltype(twice)>>);
  STATIC_REQUIRE_FALSE(remote_callable<nothing_but_virtual>);
  STATIC_REQUIRE_FALSE(remote_callable<nothing_that_cannot_be_made>);
}

TEST_CASE("members and what is no callable cannot be called remotely") {
  STATIC_REQUIRE_FALSE(remote_callable<decltype(&something::method)>);
  STATIC_REQUIRE_FALSE(remote_callable<decltype(&something::held)>);
  STATIC_REQUIRE_FALSE(remote_callable<int>);
  STATIC_REQUIRE_FALSE(remote_callable<void*>);
  STATIC_REQUIRE_FALSE(remote_callable<nothing*>);
}

TEST_CASE("a remade object does what the original does") {
  const auto lambda = [](int number) { return number * 3; };
  CHECK(remake<std::remove_const_t<decltype(lambda)>>()(5) == 15);
  CHECK(remake<nothing>()(5) == 6);
  CHECK(remake<nothing_without_default>()(5) == 7);
}

TEST_CASE("a lambda that says [&] or [=] and captures nothing is remade as well") {
  const auto references = [&](int number) { return number + 1; };
  const auto copies = [=](const std::string& text) { return text + "!"; };
  using by_reference = std::remove_const_t<decltype(references)>;
  using by_copy = std::remove_const_t<decltype(copies)>;
  STATIC_REQUIRE_FALSE(std::is_default_constructible_v<by_reference>);
  STATIC_REQUIRE(remote_callable<by_reference>);
  STATIC_REQUIRE(remote_callable<by_copy>);
  CHECK(remake<by_reference>()(1) == 2);
  CHECK(remake<by_copy>()("yes") == "yes!");
}
