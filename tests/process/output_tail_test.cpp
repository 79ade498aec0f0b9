#include <workpool/process/output_tail.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <random>
#include <string>

using workpool::detail::output_tail;

namespace {

constexpr std::size_t size = output_tail::size;

std::string tail_of(const std::string& text) {
  output_tail tail;
  tail.feed(text);
  return tail.text();
}

/// No two stretches of it are alike.
std::string numbers(std::size_t count) {
  std::string text;
  for (std::size_t n = 0; text.size() < count; ++n) text += std::to_string(n) + ' ';
  text.resize(count);
  return text;
}

}  // namespace

TEST_CASE("a short text is kept whole, an empty one too") {
  CHECK(output_tail().text().empty());
  CHECK(tail_of("").empty());
  CHECK(tail_of("panic: no more room\n") == "panic: no more room\n");
  CHECK(tail_of(numbers(size)) == numbers(size));
}

TEST_CASE("of a longer text the last 4 KiB are kept") {
  CHECK(tail_of(numbers(size + 1)) == numbers(size + 1).substr(1));
  CHECK(tail_of(numbers(100'000)) == numbers(100'000).substr(100'000 - size));
}

TEST_CASE("the pieces in which a text comes make no difference to its tail") {
  std::mt19937 chance(11);
  for (int round = 0; round < 200; ++round) {
    output_tail tail;
    std::string text;
    const std::string letters = numbers(20'000);
    for (unsigned n = chance() % 8; n > 0; --n) {
      const std::string piece = letters.substr(chance() % 5000, chance() % (chance() % 2 == 0 ? 50 : 2 * size));
      text += piece;
      tail.feed(piece);
    }
    REQUIRE(tail.text() == text.substr(text.size() - std::min(text.size(), size)));
  }
}

TEST_CASE("a tail begins with a whole character, and a short text is not touched") {
  const std::string euro = "\xe2\x82\xac", face = "\xf0\x9f\x98\x80";
  const std::string rest = numbers(size - 1), shorter = numbers(size - 2), shortest = numbers(size - 3);
  CHECK(tail_of(euro + rest) == rest);
  CHECK(tail_of(euro + shorter) == shorter);
  CHECK(tail_of(euro + shortest) == euro + shortest);
  CHECK(tail_of(face + shortest) == shortest);
  CHECK(tail_of("\x82\xac short") == "\x82\xac short");
}

TEST_CASE("bytes that are no UTF-8 are kept as they are") {
  const std::string odd(2 * size, '\x80');
  CHECK(tail_of(odd) == odd.substr(size));
  const std::string zeros(size + 5, '\0');
  CHECK(tail_of(zeros) == zeros.substr(5));
}
