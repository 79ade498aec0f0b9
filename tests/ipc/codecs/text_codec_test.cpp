#include <workpool/ipc/codecs/text_codec.hpp>

#include <filesystem>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::byte_reader;
using workpool::codec;
using workpool_test::bytes;
using workpool_test::comes_back;
using workpool_test::encoded;

namespace {

template <class View>
typename codec<View>::holder held(const bytes& message) {
  byte_reader from(message);
  auto holder = codec<View>::decode(from);
  from.expect_end();
  return holder;
}

}  // namespace

TEST_CASE("a view of text travels as a string does, zeros included", "[text_codec]") {
  const std::string_view text("a\0b", 3);
  CHECK(encoded(text) == encoded(std::string(text)));
  auto holder = held<std::string_view>(encoded(text));
  CHECK(codec<std::string_view>::view(holder) == text);
  CHECK(codec<std::string_view>::view(holder).data() == holder.data());
  CHECK(held<std::string_view>(encoded(std::string_view())).empty());
  CHECK(held<std::u16string_view>(encoded(std::u16string_view(u"16"))) == u"16");
}

TEST_CASE("a pointer to characters arrives as one to the same characters", "[text_codec]") {
  auto holder = held<const char*>(encoded(static_cast<const char*>("text")));
  CHECK(std::string(codec<const char*>::view(holder)) == "text");
  char writable[] = "text";
  auto copy = held<char*>(encoded(static_cast<char*>(writable)));
  codec<char*>::view(copy)[0] = 'T';
  CHECK(copy == "Text");
}

TEST_CASE("a null pointer to characters is not sent", "[text_codec]") {
  CHECK_THROWS_AS(encoded(static_cast<const char*>(nullptr)), workpool::codec_error);
  CHECK_THROWS_WITH(encoded(static_cast<char*>(nullptr)), Catch::Matchers::ContainsSubstring("null"));
}

TEST_CASE("a path comes back as it was written", "[text_codec]") {
  CHECK(comes_back(std::filesystem::path()));
  CHECK(comes_back(std::filesystem::path("/a//b/../c d")));
  CHECK(comes_back(std::vector<std::filesystem::path>{"a", "b/c"}));
}
