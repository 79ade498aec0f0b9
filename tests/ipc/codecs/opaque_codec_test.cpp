#include <workpool/ipc/codecs/opaque_codec.hpp>

#include <bitset>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <typeindex>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::codable;
using workpool_test::comes_back;
using workpool_test::encoded;

namespace {

class money {
 public:
  explicit money(long cents) : cents_(cents) {}
  friend bool operator==(const money&, const money&) = default;

 private:
  long cents_;
};

class borrowed {
 public:
  explicit borrowed(int& value) : value_(&value) {}
  int& operator*() const { return *value_; }

 private:
  int* value_;
};

class window {
 public:
  explicit window(const std::vector<int>& numbers) : numbers_(&numbers) {}
  auto begin() const { return numbers_->begin(); }
  auto end() const { return numbers_->end(); }

 private:
  const std::vector<int>* numbers_;
};

template <class Callable>
class wrapper {
 public:
  explicit wrapper(Callable callable) : callable_(callable) {}

 private:
  Callable callable_;
};

static_assert(!codable<borrowed> && !codable<window> && !codable<std::vector<int>::iterator>);
static_assert(!codable<std::reference_wrapper<int>> && !codable<std::error_code> && !codable<std::error_condition>);
static_assert(!codable<std::type_index> && !codable<std::thread::id>);

}  // namespace

TEST_CASE("a trivially copyable class with private members comes back as its bytes", "[opaque_codec]") {
  CHECK(comes_back(money(5)));
  CHECK(comes_back(std::vector<money>{money(1), money(2)}));
  CHECK(encoded(std::vector<money>(3, money(1))).size() == 8 + 3 * sizeof(money));
  CHECK(comes_back(std::bitset<70>(5)));
  CHECK(comes_back(std::chrono::year_month_day(std::chrono::year(2024) / 2 / 29)));
}

TEST_CASE("a lambda is not codable once it captured something", "[opaque_codec]") {
  int number = 1;
  const auto by_reference = [&number] { return number; };
  const auto generic = [&number](auto) { return number; };
  const auto by_value = [number] { return number; };
  const auto nothing = [] { return 1; };
  STATIC_REQUIRE(!codable<std::remove_const_t<decltype(by_reference)>>);
  STATIC_REQUIRE(!codable<std::remove_const_t<decltype(generic)>>);
  STATIC_REQUIRE(!codable<std::remove_const_t<decltype(by_value)>>);
  STATIC_REQUIRE(!codable<wrapper<std::remove_const_t<decltype(generic)>>>);
  STATIC_REQUIRE(codable<std::remove_const_t<decltype(nothing)>>);
  CHECK(by_reference() + generic(0) + by_value() + nothing() == 4);
}
