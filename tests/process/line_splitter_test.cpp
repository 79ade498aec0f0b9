#include <workpool/process/line_splitter.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using workpool::detail::line_splitter;

namespace {

constexpr std::size_t longest = line_splitter::longest;
using lines = std::vector<std::string>;

/// The lines of a text that arrives in these pieces.
lines split(const lines& pieces) {
  line_splitter splitter;
  lines out;
  const auto keep = [&](std::string_view line) { out.emplace_back(line); };
  for (const std::string& piece : pieces) splitter.feed(piece, keep);
  splitter.finish(keep);
  return out;
}

std::string sized(std::size_t size, char letter = 'x') { return std::string(size, letter); }

}  // namespace

TEST_CASE("lines come out without their newline, empty ones too") {
  CHECK(split({"one\ntwo\n\nfour\n"}) == lines{"one", "two", "", "four"});
  CHECK(split({"\n"}) == lines{""});
  CHECK(split({}).empty());
  CHECK(split({""}).empty());
}

TEST_CASE("a line that arrives in pieces comes out whole") {
  CHECK(split({"o", "n", "e\nt", "wo", "\n"}) == lines{"one", "two"});
  CHECK(split({"one", "\n", "\n"}) == lines{"one", ""});
}

TEST_CASE("a line comes out as soon as its newline is there, and a last one without when the text is over") {
  line_splitter splitter;
  lines out;
  const auto keep = [&](std::string_view line) { out.emplace_back(line); };
  splitter.feed("one\ntw", keep);
  CHECK(out == lines{"one"});
  CHECK(splitter.held() == 2);
  splitter.finish(keep);
  CHECK(out == lines{"one", "tw"});
  CHECK(splitter.held() == 0);
  splitter.finish(keep);
  CHECK(out.size() == 2);
  splitter.feed("a new text\n", keep);
  CHECK(out.back() == "a new text");
}

TEST_CASE("a line above 64 KiB is split, and one of 64 KiB is not") {
  CHECK(split({sized(longest) + "\nnext\n"}) == lines{sized(longest), "next"});
  CHECK(split({sized(longest), "\nnext\n"}) == lines{sized(longest), "next"});
  CHECK(split({sized(longest)}) == lines{sized(longest)});
  CHECK(split({sized(longest + 1) + "\n"}) == lines{sized(longest), "x"});
  CHECK(split({sized(longest - 1), sized(2, 'y') + "\n"}) == lines{sized(longest - 1) + "y", "y"});
  CHECK(split({sized(2 * longest) + "\n\n"}) == lines{sized(longest), sized(longest), ""});
}

TEST_CASE("a text without any newline is never kept beyond 64 KiB") {
  line_splitter splitter;
  std::size_t passed_on = 0;
  for (int n = 0; n < 1000; ++n) {
    splitter.feed(sized(1021), [&](std::string_view line) { passed_on += line.size(); });
    REQUIRE(splitter.held() <= longest);
    REQUIRE(passed_on + splitter.held() == static_cast<std::size_t>(n + 1) * 1021);
  }
}

TEST_CASE("bytes that are no text pass unchanged") {
  const std::string odd("\0\xff\r\t\x01", 5);
  CHECK(split({odd + "\n" + odd}) == lines{odd, odd});
}

TEST_CASE("where a text is cut makes no difference to its lines") {
  std::mt19937 chance(20240607);
  for (int round = 0; round < 40; ++round) {
    std::string text;
    for (int n = 0; n < 30; ++n) {
      text += sized(chance() % 5 == 0 ? chance() % (3 * longest) : chance() % 80, static_cast<char>('a' + n % 26));
      if (chance() % 4 != 0) text += '\n';
    }
    lines pieces;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + chance() % (chance() % 2 == 0 ? 100 : 100'000);
      pieces.push_back(text.substr(at, size));
      at += size;
    }
    REQUIRE(split(pieces) == split({text}));
  }
}

TEST_CASE("a sink that throws loses the line it was given, and the splitter goes on") {
  line_splitter splitter;
  lines out;
  CHECK_THROWS_AS(splitter.feed("one\n", [](std::string_view) { throw std::runtime_error("no"); }), std::runtime_error);
  const auto keep = [&](std::string_view line) { out.emplace_back(line); };
  splitter.feed("tw", keep);
  CHECK_THROWS_AS(splitter.feed("o\n", [](std::string_view) { throw std::runtime_error("no"); }), std::runtime_error);
  splitter.feed("three\n", keep);
  splitter.finish(keep);
  CHECK(out == lines{"three"});
}
