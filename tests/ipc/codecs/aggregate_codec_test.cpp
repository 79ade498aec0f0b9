#include <workpool/ipc/codecs/aggregate_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <workpool/ipc/codecs.hpp>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::codable;
using workpool_test::bytes;
using workpool_test::check_cuts;
using workpool_test::check_round_trip;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;
using workpool_test::refusal_of;

namespace {

struct empty {
  friend bool operator==(const empty&, const empty&) = default;
};
struct point {
  int x, y;
  friend bool operator==(const point&, const point&) = default;
};
struct line {
  point from, to;
  float width[2];
  friend bool operator==(const line&, const line&) = default;
};
struct person {
  std::string name;
  std::optional<point> home;
  std::vector<person> friends;
  bool known = true;
  friend bool operator==(const person&, const person&) = default;
};
struct flagged {
  char before;
  bool flag;
  friend bool operator==(const flagged&, const flagged&) = default;
};
struct of_arrays {
  std::string names[2];
  bool flags[2][3];
  char text[300];
  point one;
  friend bool operator==(const of_arrays&, const of_arrays&) = default;
};
struct of_bits {
  int small : 3;
  bool flag : 1;
  std::string text;
};
struct of_constants {
  const int number;
  const std::string text;
  friend bool operator==(const of_constants&, const of_constants&) = default;
};
struct undefaulted {
  explicit undefaulted(int from) : value(from) {}
  int value;
};
struct of_undefaulted {
  undefaulted first;
  std::unique_ptr<std::string> second;
  undefaulted third;
};
struct immovable {
  std::string text;
  undefaulted number;
  struct pin {
    pin() = default;
    pin(const pin&) = delete;
  } pinned;
};
struct sixteen {
  std::string a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
  friend bool operator==(const sixteen&, const sixteen&) = default;
};

}  // namespace

template <>
struct workpool::codec<undefaulted> {
  static void encode(byte_writer& into, const undefaulted& one) { workpool::encode(into, one.value); }
  static undefaulted decode(byte_reader& from) { return undefaulted(workpool::decode<int>(from)); }
};
template <>
struct workpool::codec<immovable::pin> {
  static void encode(byte_writer&, const immovable::pin&) {}
  static immovable::pin decode(byte_reader&) { return {}; }
};

namespace {

struct with_pointer {
  int before;
  const int* pointer;
};
struct deep_pointer {
  with_pointer inner[2];
};
struct with_reference {
  int& reference;
};
struct with_constant_reference {
  const int& reference;
};
struct with_function {
  int (*function)(int);
};
struct with_view {
  std::string_view view;
};
struct derived : point {
  int z;
};
struct with_union {
  int which;
  union {
    int number;
    float fraction;
  };
};
struct constant_array {
  std::string name;
  const std::string texts[2];
};
static_assert(!codable<with_pointer> && !codable<deep_pointer> && !codable<with_function> && !codable<with_view>);
static_assert(!codable<with_reference> && !codable<with_constant_reference>);
static_assert(!codable<derived> && !codable<with_union> && !codable<constant_array>);
static_assert(!codable<std::vector<with_pointer>> && !codable<std::optional<deep_pointer>>);

}  // namespace

TEST_CASE("the fields of an aggregate come back, without a word from it", "[aggregate_codec]") {
  CHECK(comes_back(empty()));
  CHECK(comes_back(point{1, 2}));
  CHECK(comes_back(line{{1, 2}, {3, 4}, {5, 6}}));
  CHECK(comes_back(person{"a", point{1, 2}, {{"b", {}, {}, false}, {"c", {}, {{"d", {}, {}}}}}}));
  CHECK(comes_back(of_constants{1, "two"}));
  CHECK(comes_back(sixteen{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"}));
}

TEST_CASE("aggregates of plain numbers are copied whole, alone and in a vector", "[aggregate_codec]") {
  CHECK(workpool::codec<line>::bitwise);
  CHECK(encoded(line{}).size() == sizeof(line));
  CHECK(encoded(std::vector<line>(10)).size() == 8 + 10 * sizeof(line));
  CHECK(comes_back(std::vector<point>{{1, 2}, {3, 4}}));
  CHECK(!workpool::codec<person>::bitwise);
}

TEST_CASE("a bool in an aggregate is checked, so it is not copied whole", "[aggregate_codec]") {
  CHECK(!workpool::codec<flagged>::bitwise);
  CHECK(comes_back(flagged{'a', true}));
  CHECK(refusal_of<flagged>(bytes{std::byte{'a'}, std::byte{9}}).find("arrived as 9") != std::string::npos);
}

TEST_CASE("arrays in aggregates come back", "[aggregate_codec]") {
  const of_arrays value{{"a", "b"}, {{true, false, true}, {false, true, false}}, "text", {1, 2}};
  CHECK(comes_back(value));
}

TEST_CASE("fields of a few bits come back", "[aggregate_codec]") {
  const of_bits back = decoded<of_bits>(encoded(of_bits{-2, true, "text"}));
  CHECK(back.small == -2);
  CHECK(back.flag);
  CHECK(back.text == "text");
}

TEST_CASE("fields without default constructor, or that can only be moved, come back", "[aggregate_codec]") {
  const of_undefaulted value{undefaulted(1), std::make_unique<std::string>("two"), undefaulted(3)};
  const bytes message = encoded(value);
  check_cuts<of_undefaulted>(message);
  const auto back = decoded<of_undefaulted>(message);
  CHECK(back.first.value == 1);
  REQUIRE(back.second != nullptr);
  CHECK(*back.second == "two");
  CHECK(back.third.value == 3);
}

TEST_CASE("an aggregate that cannot be moved is made where it is to be", "[aggregate_codec]") {
  const bytes message = encoded(immovable{"text", undefaulted(2), {}});
  workpool::byte_reader from(message);
  const immovable back = workpool::decode<immovable>(from);
  CHECK(back.text == "text");
  CHECK(back.number.value == 2);
}
