#include <workpool/ipc/codecs/array_codec.hpp>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool_test::bytes;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;
using workpool_test::refusal_of;

namespace {

struct undefaulted {
  explicit constexpr undefaulted(int from) : value(from) {}
  int value;
  friend bool operator==(const undefaulted&, const undefaulted&) = default;
};

}  // namespace

template <>
struct workpool::codec<undefaulted> {
  static void encode(byte_writer& into, const undefaulted& one) { workpool::encode(into, one.value); }
  static undefaulted decode(byte_reader& from) { return undefaulted(workpool::decode<int>(from)); }
};

TEST_CASE("arrays come back, and cost no more than their elements", "[array_codec]") {
  CHECK(comes_back(std::array{1, 2, 3}));
  CHECK(encoded(std::array{1, 2, 3}).size() == 12);
  CHECK(comes_back(std::array<std::string, 2>{"a", "b"}));
  CHECK(comes_back(std::array<std::array<bool, 2>, 2>{{{true, false}, {false, true}}}));
  CHECK(comes_back(std::array<const int, 2>{1, 2}));
  CHECK(comes_back(std::array<int, 0>{}));
  CHECK(comes_back(std::array<std::string, 0>{}));
}

TEST_CASE("arrays of what has no default constructor come back in order", "[array_codec]") {
  CHECK(comes_back(std::array{undefaulted(1), undefaulted(2), undefaulted(3)}));
}

TEST_CASE("arrays of what can only be moved come back", "[array_codec]") {
  const std::array<std::unique_ptr<int>, 2> value{std::make_unique<int>(1), nullptr};
  const auto back = decoded<std::array<std::unique_ptr<int>, 2>>(encoded(value));
  REQUIRE(back[0] != nullptr);
  CHECK(*back[0] == 1);
  CHECK(back[1] == nullptr);
}

TEST_CASE("arrays are copied whole within a container", "[array_codec]") {
  CHECK(encoded(std::vector<std::array<char, 3>>(10)).size() == 8 + 30);
  CHECK(comes_back(std::vector<std::array<char, 3>>{{'a', 'b', 'c'}, {'d', 'e', 'f'}}));
}

TEST_CASE("a bool within an array is checked", "[array_codec]") {
  CHECK(refusal_of<std::array<bool, 2>>(bytes{std::byte{1}, std::byte{3}}).find("arrived as 3") != std::string::npos);
}
