#include <workpool/core/repeated_task.hpp>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"

using namespace workpool::detail;

namespace {

using unique = std::unique_ptr<int>;

int by_value(std::vector<int> some) {
  some.push_back(1);
  return static_cast<int>(some.size());
}
int with_stop(std::stop_token, const std::string& text) { return static_cast<int>(text.size()); }

struct consuming {
  std::vector<unique> owned;
  int operator()() { return static_cast<int>(std::exchange(owned, {}).size()); }
};
struct once {
  int operator()() && { return 1; }
};

struct lies {
  std::vector<unique> owned;
};
struct incomplete;
struct of_incomplete {
  using value_type = incomplete;
  using allocator_type = int;
};
struct there;
struct here {
  using value_type = there;
};
struct there {
  using value_type = here;
};
struct another_result {
  unique operator()() && { return {}; }
  const unique& operator()() const& { return kept; }
  unique kept{};
};

struct counted {
  static inline int alive = 0;
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  ~counted() { --alive; }
};

template <class F, class... A>
auto make(F&& callable, A&&... arguments) {
  return std::make_unique<repeated_task<F, A...>>(std::forward<F>(callable), std::forward<A>(arguments)...);
}

}  // namespace

template <>
inline constexpr bool workpool::enable_copies<lies> = false;

namespace {

TEST_CASE("a type that says what is not so can be told apart, and odd ones can be asked", "[retry]") {
  STATIC_REQUIRE_FALSE(really_copyable<lies>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::vector<lies>>::value);
  STATIC_REQUIRE(really_copyable<of_incomplete>::value);
  STATIC_REQUIRE(really_copyable<here>::value);
  STATIC_REQUIRE(really_copyable<std::span<unique>>::value);
  STATIC_REQUIRE(really_copyable<std::vector<unique>::iterator>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::variant<int, std::vector<unique>>>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::array<std::vector<unique>, 2>>::value);
  STATIC_REQUIRE_FALSE(called_in_place<another_result>);
  STATIC_REQUIRE_FALSE(repeatable<another_result>);
}

}  // namespace

TEST_CASE("a container can be copied if what is in it can", "[retry]") {
  STATIC_REQUIRE(really_copyable<int>::value);
  STATIC_REQUIRE(really_copyable<std::vector<std::string>>::value);
  STATIC_REQUIRE(really_copyable<std::map<int, std::vector<int>>>::value);
  STATIC_REQUIRE_FALSE(really_copyable<unique>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::vector<unique>>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::vector<std::vector<unique>>>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::map<int, std::vector<unique>>>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::optional<std::vector<unique>>>::value);
  STATIC_REQUIRE_FALSE(really_copyable<std::tuple<int, std::vector<unique>>>::value);
}

TEST_CASE("what can be run more than once is known by its type", "[retry]") {
  const auto keeps = [text = std::string("x")] { return text; };
  auto changes = [n = 0]() mutable { return ++n; };
  auto changes_much = [text = std::string("x")]() mutable { return text += 'x'; };
  STATIC_REQUIRE(repeatable<decltype(keeps)>);
  STATIC_REQUIRE(repeatable<decltype(changes)>);
  STATIC_REQUIRE_FALSE(repeatable<decltype(changes_much)>);
  STATIC_REQUIRE(repeatable<decltype(by_value), std::vector<int>>);
  STATIC_REQUIRE(repeatable<decltype(with_stop), std::string>);
  STATIC_REQUIRE(repeatable<std::function<void()>>);
  STATIC_REQUIRE_FALSE(repeatable<consuming>);
  STATIC_REQUIRE(repeatable<once>);  // another copy for each attempt
  const auto takes = [](const std::vector<unique>&) {};
  STATIC_REQUIRE_FALSE(repeatable<decltype(takes), std::vector<unique>>);
  static_cast<void>(keeps), static_cast<void>(changes), static_cast<void>(changes_much), static_cast<void>(takes);
}

TEST_CASE("every attempt gets copies of the arguments, by value, by reference and after a stop token", "[retry]") {
  auto one = make(by_value, std::vector<int>{1, 2});
  for (int attempt = 0; attempt < 3; ++attempt) {
    one->invoke();
    CHECK(one->take() == 3);
  }
  auto other = make(with_stop, std::string("four"));
  for (int attempt = 0; attempt < 3; ++attempt) {
    other->invoke();
    CHECK(other->take() == 4);
  }
}

TEST_CASE("a callable that could change itself is another copy for each attempt", "[retry]") {
  auto one = make([n = 0]() mutable { return ++n; });
  for (int attempt = 0; attempt < 3; ++attempt) {
    one->invoke();
    CHECK(one->take() == 1);
  }
}

TEST_CASE("a callable with what cannot be copied in it is called in place", "[retry]") {
  auto one = make([owned = std::make_unique<int>(5)] { return *owned; });
  for (int attempt = 0; attempt < 3; ++attempt) {
    one->invoke();
    CHECK(one->take() == 5);
  }
}

TEST_CASE("the result of an attempt goes when the next one begins, and with the task", "[retry]") {
  {
    auto one = make([] { return counted(); });
    one->invoke();
    CHECK(counted::alive == 1);
    one->invoke();
    CHECK(counted::alive == 1);
  }
  CHECK(counted::alive == 0);
}

TEST_CASE("callable and arguments live until they are dropped", "[retry]") {
  auto one = make([](const counted&) {}, counted());
  CHECK(counted::alive == 1);
  one->invoke();
  CHECK(counted::alive == 1);
  one->drop();
  CHECK(counted::alive == 0);
}
