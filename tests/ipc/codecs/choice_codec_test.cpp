#include <workpool/ipc/codecs/choice_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>
#include <workpool/ipc/codecs.hpp>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using Catch::Matchers::ContainsSubstring;
using workpool::codable;
using workpool_test::bytes;
using workpool_test::check_cuts;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;
using workpool_test::refusal_of;

namespace {

struct polymorphic {
  virtual ~polymorphic() = default;
};
struct hidden;
static_assert(!codable<std::unique_ptr<polymorphic>> && !codable<std::unique_ptr<hidden>>);
static_assert(!codable<std::unique_ptr<int[]>> && !codable<std::unique_ptr<int, void (*)(int*)>>);

struct immovable {
  std::string text;
  std::unique_ptr<immovable> next;
  immovable(const immovable&) = delete;
  immovable(std::string from, std::unique_ptr<immovable> after) : text(std::move(from)), next(std::move(after)) {}
};

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied&) { throw std::runtime_error("copied"); }
  throws_when_copied& operator=(const throws_when_copied&) = default;
};

}  // namespace

template <>
struct workpool::codec<immovable> {
  static void encode(byte_writer& into, const immovable& one) {
    workpool::encode(into, one.text);
    workpool::encode(into, one.next);
  }
  static immovable decode(byte_reader& from) {
    auto text = workpool::decode<std::string>(from);
    return immovable(std::move(text), workpool::decode<std::unique_ptr<immovable>>(from));
  }
};
template <>
struct workpool::codec<throws_when_copied> {
  static void encode(byte_writer&, const throws_when_copied&) {}
  static throws_when_copied decode(byte_reader&) { return {}; }
};

TEST_CASE("an optional comes back, empty or not", "[choice_codec]") {
  CHECK(comes_back(std::optional<std::string>()));
  CHECK(comes_back(std::optional<std::string>("text")));
  CHECK(comes_back(std::optional<std::optional<int>>(std::optional<int>())));
  CHECK(comes_back(std::optional<bool>(false)));
  CHECK(refusal_of<std::optional<char>>(bytes{std::byte{2}, std::byte{1}}).find("bool") != std::string::npos);
}

TEST_CASE("a variant comes back with the alternative it had", "[choice_codec]") {
  using type = std::variant<std::monostate, int, std::string, int>;
  CHECK(comes_back(type()));
  CHECK(comes_back(type(std::in_place_index<1>, 7)));
  CHECK(comes_back(type(std::in_place_index<3>, 7)));
  CHECK(comes_back(type("text")));
}

TEST_CASE("an alternative that there is not is refused", "[choice_codec]") {
  using type = std::variant<int, char>;
  for (const std::uint32_t index : {2u, 1000u, 0xffffffffu}) {
    const std::string text = refusal_of<type>(encoded(index, 7));
    CHECK_THAT(text, ContainsSubstring("2 types") && ContainsSubstring("index " + std::to_string(index)));
  }
}

TEST_CASE("a variant without a value is not sent", "[choice_codec]") {
  std::variant<int, throws_when_copied> value(7);
  const throws_when_copied source;
  CHECK_THROWS_AS(value.emplace<1>(source), std::runtime_error);
  REQUIRE(value.valueless_by_exception());
  CHECK_THROWS_AS(encoded(value), workpool::codec_error);
  CHECK_THROWS_WITH(encoded(value), ContainsSubstring("lost its value"));
}

TEST_CASE("what a pointer owns comes back, also what cannot be moved", "[choice_codec]") {
  CHECK(decoded<std::unique_ptr<int>>(encoded(std::unique_ptr<int>())) == nullptr);
  const auto constant = decoded<std::unique_ptr<const int>>(encoded(std::make_unique<const int>(5)));
  REQUIRE(constant != nullptr);
  CHECK(*constant == 5);

  const auto chain = std::make_unique<immovable>("a", std::make_unique<immovable>("b", nullptr));
  const bytes message = encoded(chain);
  check_cuts<std::unique_ptr<immovable>>(message);
  const auto back = decoded<std::unique_ptr<immovable>>(message);
  REQUIRE(back != nullptr);
  REQUIRE(back->next != nullptr);
  CHECK(back->text + back->next->text == "ab");
  CHECK(back->next->next == nullptr);
}
