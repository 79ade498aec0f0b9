#include <workpool/detail/byte_strings.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <string>

using workpool::detail::string_reader;
using workpool::detail::string_writer;

TEST_CASE("numbers and texts come back as they were written, in that order") {
  const std::string zeros("a\0b", 3);
  const std::string bytes =
      string_writer().number(-7).text("").number(std::uint64_t{1} << 60).text(zeros).number('x').bytes();
  string_reader left(bytes);
  CHECK(left.number<int>() == -7);
  CHECK(left.text().empty());
  CHECK(left.number<std::uint64_t>() == std::uint64_t{1} << 60);
  CHECK(left.text() == zeros);
  CHECK_FALSE(left.exact());
  CHECK(left.rest() == "x");
  CHECK(left.exact());
}

TEST_CASE("of bytes that end too early nothing is read beyond the end, and everything after that is empty") {
  const std::string bytes = string_writer().number(1).text("twelve bytes").bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string part = bytes.substr(0, size);  // its own memory, so that a sanitizer sees a step too far
    string_reader left(part);
    left.number<int>();
    CHECK(left.text().empty());
    CHECK_FALSE(left.ok());
    CHECK(left.number<int>() == 0);
    CHECK(left.rest().empty());
    CHECK_FALSE(left.exact());
  }
}

TEST_CASE("a length that claims more than there is is not believed") {
  const std::string bytes = string_writer().number(std::uint32_t{0xFFFFFFFF}).bytes() + "abc";
  string_reader left(bytes);
  CHECK(left.text().empty());
  CHECK_FALSE(left.ok());
}
