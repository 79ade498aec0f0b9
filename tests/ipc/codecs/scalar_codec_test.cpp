#include <workpool/ipc/codecs/scalar_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool_test::bytes;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;
using workpool_test::refusal_of;

namespace {

enum class colour : std::uint16_t { red = 1, green = 0xffff };
enum plain { first, second };
enum class answer : bool { no, yes };

}  // namespace

TEMPLATE_TEST_CASE("numbers come back in their own size", "[scalar_codec]", char, signed char, unsigned char, wchar_t,
                   char8_t, char16_t, char32_t, short, int, long, long long, unsigned, std::uint64_t, float, double) {
  using limits = std::numeric_limits<TestType>;
  CHECK(encoded(TestType{}).size() == sizeof(TestType));
  CHECK(comes_back(TestType{}));
  CHECK(comes_back(limits::max()));
  CHECK(comes_back(limits::lowest()));
}

TEST_CASE("a long double comes back", "[scalar_codec]") { CHECK(comes_back(1.5L)); }

TEST_CASE("of the bytes of a bool only 0 and 1 are accepted", "[scalar_codec]") {
  CHECK(comes_back(true));
  CHECK(comes_back(false));
  for (int byte = 2; byte < 256; ++byte)
    REQUIRE(refusal_of<bool>(bytes{std::byte(byte)}).find("arrived as " + std::to_string(byte)) != std::string::npos);
}

TEST_CASE("an enumerator comes back as its number, one of bool is checked", "[scalar_codec]") {
  CHECK(comes_back(colour::red));
  CHECK(comes_back(colour::green));
  CHECK(encoded(colour::red).size() == 2);
  CHECK(comes_back(second));
  CHECK(comes_back(std::byte{200}));
  CHECK(comes_back(answer::yes));
  CHECK(refusal_of<answer>(bytes{std::byte{2}}).find("arrived as 2") != std::string::npos);
}
