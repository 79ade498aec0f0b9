#include <workpool/ipc/codecs/span_codec.hpp>

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::byte_reader;
using workpool::codable;
using workpool::codec;
using workpool_test::encoded;

namespace {

template <class T>
std::vector<std::remove_cv_t<typename T::element_type>> sent(const T& view) {
  const auto message = encoded(view);
  byte_reader from(message);
  auto holder = codec<T>::decode(from);
  from.expect_end();
  const T arrived = codec<T>::view(holder);
  return {arrived.begin(), arrived.end()};
}

static_assert(!codable<std::span<bool>> && !codable<std::span<int*>> && !codable<std::span<std::string_view>>);

}  // namespace

TEST_CASE("the elements of a span arrive, and travel as those of a vector", "[span_codec]") {
  std::vector<int> numbers{1, 2, 3};
  CHECK(sent(std::span<int>(numbers)) == numbers);
  CHECK(sent(std::span<const int>(numbers)) == numbers);
  CHECK(encoded(std::span<const int>(numbers)) == encoded(numbers));
  CHECK(sent(std::span<int>()).empty());
  const std::vector<std::string> texts{"a", "b"};
  CHECK(sent(std::span(texts)) == texts);
  CHECK(encoded(std::span(texts)) == encoded(texts));
  const std::vector<std::pair<int, char>> pairs{{1, 'a'}};
  CHECK(sent(std::span(pairs)) == pairs);
}

TEST_CASE("a span of so many elements arrives with as many or not at all", "[span_codec]") {
  const std::array numbers{1, 2, 3};
  CHECK(sent(std::span<const int, 3>(numbers)) == std::vector{1, 2, 3});
  const auto message = encoded(std::vector{1, 2});
  byte_reader from(message);
  using type = std::span<const int, 3>;
  CHECK_THROWS_WITH(codec<type>::decode(from), Catch::Matchers::ContainsSubstring("3 elements arrived with 2"));
}

TEST_CASE("a task may write to the elements it was given", "[span_codec]") {
  std::vector<int> numbers{1, 2, 3};
  const auto message = encoded(std::span<int>(numbers));
  byte_reader from(message);
  auto holder = codec<std::span<int>>::decode(from);
  codec<std::span<int>>::view(holder)[0] = 7;
  CHECK(holder[0] == 7);
  CHECK(numbers[0] == 1);
}
