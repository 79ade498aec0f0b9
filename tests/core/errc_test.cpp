#include <workpool/core/errc.hpp>

#include "support/catch.hpp"

#include <cstring>
#include <set>
#include <string>
#include <system_error>

using workpool::errc;

namespace {

constexpr int first_code = static_cast<int>(errc::queue_full);
constexpr int last_code = static_cast<int>(errc::no_state);

}  // namespace

TEST_CASE("a code becomes an error_code of the category workpool") {
  const std::error_code code = errc::queue_full;
  CHECK(code.value() == 1);
  CHECK(code == errc::queue_full);
  CHECK(code != errc::enqueue_timeout);
  CHECK(code.category() == workpool::error_category());
  CHECK(std::strcmp(code.category().name(), "workpool") == 0);
}

TEST_CASE("no code is the value that means success") { CHECK(first_code != 0); }

TEST_CASE("every code says something of its own") {
  std::set<std::string> sentences;
  for (int value = first_code; value <= last_code; ++value) {
    const std::string sentence = workpool::error_category().message(value);
    INFO(value << ": " << sentence);
    CHECK(sentence.find(' ') != std::string::npos);
    CHECK(sentence != workpool::error_category().message(0));
    CHECK(sentences.insert(sentence).second);
  }
  CHECK(sentences.size() == 25);
}

TEST_CASE("a number that is no code has a message too") {
  CHECK(workpool::error_category().message(0) == "Unknown workpool error");
  CHECK(workpool::error_category().message(last_code + 1) == "Unknown workpool error");
}
