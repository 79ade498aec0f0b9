#include <workpool/ipc/codecs.hpp>

#include <any>
#include <array>
#include <atomic>
#include <chrono>
#include <complex>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
#include <workpool/config.hpp>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

#if __has_include(<rapidcheck.h>)
#include <rapidcheck.h>
#define WORKPOOL_PROPERTIES 1
#endif

using workpool::codable;
using workpool_test::bytes;
using workpool_test::decoded;
using workpool_test::encoded;

namespace {

/// One that has everything.
struct order {
  std::uint64_t id;
  std::string customer;
  std::vector<std::pair<std::string, double>> items;
  std::map<std::string, std::optional<std::int32_t>> notes;
  std::variant<std::monostate, int, std::string> state;
  std::tuple<bool, char, std::set<std::uint16_t>> rest;
  friend bool operator==(const order&, const order&) = default;
};

struct polymorphic {
  virtual ~polymorphic() = default;
};

// What means nothing in another process, alone and wherever it hides.
template <class T>
constexpr bool nowhere_codable() {
  struct hidden {
    int before;
    T field;
  };
  return !codable<T> && !codable<std::vector<T>> && !codable<std::optional<T>> && !codable<std::tuple<int, T>> &&
         !codable<std::pair<T, int>> && !codable<std::array<T, 2>> && !codable<std::map<int, T>> &&
         !codable<std::variant<int, T>> && !codable<std::unique_ptr<T>> && !codable<hidden>;
}
static_assert(nowhere_codable<int*>());
static_assert(nowhere_codable<void*>());
static_assert(nowhere_codable<void (*)()>());
static_assert(nowhere_codable<int order::*>());
static_assert(nowhere_codable<std::shared_ptr<int>>());
static_assert(nowhere_codable<std::weak_ptr<int>>());
static_assert(nowhere_codable<std::unique_ptr<int[]>>());
static_assert(nowhere_codable<std::unique_ptr<polymorphic>>());
static_assert(nowhere_codable<std::function<void()>>());
static_assert(nowhere_codable<std::any>());
static_assert(nowhere_codable<std::exception_ptr>());
static_assert(nowhere_codable<std::thread>());
static_assert(nowhere_codable<std::future<int>>());
static_assert(nowhere_codable<std::reference_wrapper<int>>());
static_assert(nowhere_codable<std::error_code>());
static_assert(nowhere_codable<std::vector<int>::iterator>());
static_assert(!codable<std::mutex> && !codable<std::atomic<int>> && !codable<std::initializer_list<int>>);

}  // namespace

TEMPLATE_TEST_CASE("views are no values: inside of others they are not codable", "[codecs]", std::string_view,
                   const char*, char*, std::span<int>) {
  STATIC_REQUIRE(codable<TestType>);
  STATIC_REQUIRE(!codable<std::vector<TestType>>);
  STATIC_REQUIRE(!codable<std::tuple<TestType>>);
  STATIC_REQUIRE(!codable<std::optional<TestType>>);
}

TEST_CASE("a value of many families comes back, and no cut of it does", "[codecs]") {
  CHECK(workpool_test::comes_back(order{7,
                                        "someone",
                                        {{"a", 1.5}, {"b", -2}},
                                        {{"x", 3}, {"y", std::nullopt}},
                                        std::string("sent"),
                                        {true, 'c', {1, 2, 3}}}));
}

TEST_CASE("any bytes are a value or a codec_error, and memory stays in proportion", "[codecs]") {
  std::uint64_t state = 1;
  int accepted = 0;
  for (int n = 0; n < 20'000; ++n) {
    bytes message(static_cast<std::size_t>(n % 97));
    for (std::byte& one : message) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      one = (state >> 60) < 12 ? std::byte{0} : static_cast<std::byte>(state >> 33);
    }
    accepted += workpool_test::refusal_of<order>(message).empty() ? 1 : 0;
    accepted += workpool_test::refusal_of<std::vector<std::vector<std::string>>>(message).empty() ? 1 : 0;
  }
  CHECK((accepted > 0 && accepted < 40'000));
}

#ifdef WORKPOOL_PROPERTIES
TEST_CASE("whatever the value, decoding what was encoded gives it", "[codecs]") {
  CHECK(rc::check([](const std::string& a, const std::vector<std::string>& b, const std::map<int, std::string>& c,
                     const std::vector<std::pair<std::uint8_t, std::vector<double>>>& d) {
    const auto whole = std::tuple(a, b, c, d);
    RC_ASSERT(decoded<std::remove_cv_t<decltype(whole)>>(encoded(whole)) == whole);
  }));
  CHECK(rc::check([](std::uint64_t id, const std::string& customer, const std::set<std::uint16_t>& numbers,
                     const std::map<std::string, std::int32_t>& notes, bool flag, int state) {
    order value{id, customer, {}, {}, {}, {flag, 'x', numbers}};
    for (const auto& [key, note] : notes) {
      value.items.emplace_back(key, note / 2.0);
      value.notes.emplace(key, note % 2 == 0 ? std::optional(note) : std::nullopt);
    }
    if (state % 3 == 1) value.state = state;
    if (state % 3 == 2) value.state = customer;
    RC_ASSERT(decoded<order>(encoded(value)) == value);
  }));
}

TEST_CASE("whatever the value, no cut of its encoding is accepted", "[codecs]") {
  using type = std::tuple<std::vector<std::pair<std::string, bool>>, std::map<int, std::vector<char>>>;
  // Elements, at most; a sanitizer makes the cuts of a message, which cost its length squared, take minutes.
  constexpr int size = WORKPOOL_UNDER_ASAN || WORKPOOL_UNDER_TSAN ? 40 : 100;
  CHECK(rc::check([] {
    const bytes message = encoded(*rc::gen::resize(size, rc::gen::arbitrary<type>()));
    for (std::size_t cut = 0; cut < message.size(); ++cut)
      RC_ASSERT(!workpool_test::refusal_of<type>(std::span(message).first(cut)).empty());
  }));
}
#endif
