#include <workpool/ipc/codecs/tuple_codec.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::codable;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;

namespace {

struct undefaulted {
  explicit undefaulted(int from) : value(from) {}
  int value;
  friend bool operator==(const undefaulted&, const undefaulted&) = default;
};

static_assert(!codable<std::tuple<int&>> && !codable<std::tuple<const std::string&>> && !codable<std::pair<int&, int>>);

}  // namespace

template <>
struct workpool::codec<undefaulted> {
  static void encode(byte_writer& into, const undefaulted& one) { workpool::encode(into, one.value); }
  static undefaulted decode(byte_reader& from) { return undefaulted(workpool::decode<int>(from)); }
};

TEST_CASE("tuples and pairs come back in order", "[tuple_codec]") {
  CHECK(comes_back(std::tuple<>()));
  CHECK(comes_back(std::tuple(1, std::string("two"), 3.0, 'f')));
  CHECK(comes_back(std::tuple(std::tuple(1), std::tuple(std::tuple(2), 3))));
  CHECK(comes_back(std::tuple(std::tuple(7))));
  CHECK(comes_back(std::pair(1, std::string("two"))));
  CHECK(comes_back(std::pair<const int, const std::string>(1, "two")));
  CHECK(encoded(std::tuple(1, 'a', true)).size() == 6);
}

TEST_CASE("tuples of what has no default constructor, or can only be moved, come back", "[tuple_codec]") {
  CHECK(comes_back(std::tuple(undefaulted(1), undefaulted(2))));
  CHECK(comes_back(std::pair(undefaulted(1), undefaulted(2))));
  const auto back = decoded<std::tuple<std::unique_ptr<int>, int>>(encoded(std::tuple(std::make_unique<int>(1), 2)));
  CHECK(*std::get<0>(back) == 1);
  const auto pair = decoded<std::pair<int, std::unique_ptr<int>>>(encoded(std::pair(1, std::make_unique<int>(2))));
  CHECK(*pair.second == 2);
}
