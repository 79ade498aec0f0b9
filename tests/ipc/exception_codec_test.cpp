#include <workpool/ipc/exception_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::byte_reader;
using workpool::byte_writer;
using workpool::remote_error;
using workpool::detail::decode_exception;
using workpool::detail::encode_exception;
using workpool_test::bytes;
using workpool_test::encoded;
using workpool_test::exact_copy;

namespace {

struct strange {};

bytes sent(const std::exception_ptr& failure, std::size_t most = 1 << 20) {
  bytes message;
  byte_writer into(message, most);
  encode_exception(into, failure);
  return message;
}

remote_error caught(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const remote_error& remote) {
    return remote;
  }
}

std::exception_ptr arrived(const bytes& message) {
  const exact_copy copy(message);
  byte_reader from(copy);
  auto failure = decode_exception(from);
  from.expect_end();
  return failure;
}

template <class Exception>
remote_error remote(const Exception& what) {
  return caught(arrived(sent(std::make_exception_ptr(what))));
}

/// An exception nested around `inner`, as often as that.
std::exception_ptr nested_around(std::exception_ptr inner, int times) {
  for (int n = 0; n < times; ++n) {
    try {
      try {
        std::rethrow_exception(inner);
      } catch (...) {
        std::throw_with_nested(std::logic_error("around " + std::to_string(n)));
      }
    } catch (...) {
      inner = std::current_exception();
    }
  }
  return inner;
}

int levels_of(const std::exception_ptr& failure) {
  int levels = 0;
  for (std::exception_ptr one = failure; one != nullptr; one = caught(one).nested()) ++levels;
  return levels;
}

}  // namespace

TEST_CASE("an exception arrives with the name of its type and its text", "[exception_codec]") {
  const remote_error error = remote(std::runtime_error("what happened"));
  CHECK(error.type() == "std::runtime_error");
  CHECK(std::string(error.what()) == "what happened");
  CHECK(error.nested() == nullptr);
  CHECK(error.code() == workpool::errc::remote_error);
  CHECK(remote(std::bad_alloc()).type() == "std::bad_alloc");
}

TEST_CASE("what is no std::exception arrives with its type, text with its text", "[exception_codec]") {
  CHECK(remote(3).type() == "int");
  CHECK(remote(strange()).type().find("strange") != std::string_view::npos);
  CHECK(std::string(remote("text").what()) == "text");
  CHECK(remote(std::string("text")).type() == "std::string");
  CHECK(std::string(remote(std::string("text")).what()) == "text");
}

TEST_CASE("errors of this library arrive with the names that users write", "[exception_codec]") {
  CHECK(remote(workpool::task_cancelled()).type() == "workpool::task_cancelled");
  CHECK(remote(workpool::bad_config("field", "text")).type() == "workpool::bad_config");
  CHECK(std::string(remote(workpool::queue_full("full of it")).what()) == "full of it");
}

TEST_CASE("nested exceptions arrive nested, each under its own name", "[exception_codec]") {
  const remote_error outer = caught(arrived(sent(nested_around(std::make_exception_ptr(strange()), 2))));
  CHECK(outer.type() == "std::logic_error");
  CHECK(std::string(outer.what()) == "around 1");
  const remote_error middle = caught(outer.nested());
  CHECK(std::string(middle.what()) == "around 0");
  const remote_error inner = caught(middle.nested());
  CHECK(inner.type().find("strange") != std::string_view::npos);
  CHECK(inner.nested() == nullptr);
}

TEST_CASE("what is nested deeper than eight levels is left out", "[exception_codec]") {
  const auto deep = [](int times) {
    return levels_of(arrived(sent(nested_around(std::make_exception_ptr(1), times))));
  };
  CHECK(deep(8) == 9);
  CHECK(deep(9) == 9);
  CHECK(deep(50) == 9);
}

TEST_CASE("what arrived from elsewhere is passed on as it was", "[exception_codec]") {
  const auto inner = std::make_exception_ptr(remote_error("their::inner", "inside", nullptr));
  const auto outer = std::make_exception_ptr(remote_error("their::type", "outside", inner));
  const remote_error error = caught(arrived(sent(outer)));
  CHECK(error.type() == "their::type");
  CHECK(std::string(error.what()) == "outside");
  CHECK(caught(error.nested()).type() == "their::inner");
  CHECK(sent(arrived(sent(outer))) == sent(outer));
}

TEST_CASE("a long text is cut at 64 KiB, not within a character", "[exception_codec]") {
  const std::string long_text(100'000, 'x');
  CHECK(std::string(remote(std::runtime_error(long_text)).what()) == long_text.substr(0, 65'536));
  std::string characters = "x";
  while (characters.size() < 70'000) characters += "\u20ac";  // three bytes each
  CHECK(std::string(remote(std::runtime_error(characters)).what()) == characters.substr(0, 65'536 - 65'535 % 3));
  const std::string no_text(70'000, '\x80');
  CHECK(std::string(remote(std::runtime_error(no_text)).what()).size() == 65'536);
}

TEST_CASE("in a small room the innermost go first, then the end of the text", "[exception_codec]") {
  const auto failure = nested_around(std::make_exception_ptr(std::runtime_error(std::string(1000, 'x'))), 2);
  CHECK(levels_of(arrived(sent(failure, 500))) == 2);
  const remote_error alone = caught(arrived(sent(failure, 40)));
  CHECK(alone.type() == "std::logic_error");
  CHECK(std::string(alone.what()) == "around ");
  CHECK(alone.nested() == nullptr);
  CHECK(std::string(caught(arrived(sent(failure, 1 + 16 + 16 + 3))).what()) == "aro");
  bytes message;
  byte_writer too_small(message, 30);
  CHECK_THROWS_AS(encode_exception(too_small, failure), workpool::message_too_large);
  CHECK(message.empty());
}

TEST_CASE("no exception is not sent", "[exception_codec]") { CHECK_THROWS_AS(sent(nullptr), workpool::codec_error); }

TEST_CASE("a message that is no exception is refused", "[exception_codec]") {
  const bytes message = sent(nested_around(std::make_exception_ptr(1), 2));
  for (std::size_t size = 0; size < message.size(); ++size) {
    const exact_copy cut(std::span<const std::byte>(message).first(size));
    byte_reader from(cut);
    REQUIRE_THROWS_AS(decode_exception(from), workpool::codec_error);
  }
  for (const std::uint8_t levels : {std::uint8_t{0}, std::uint8_t{10}, std::uint8_t{255}}) {
    bytes wrong = message;
    wrong[0] = std::byte{levels};
    byte_reader from(wrong);
    CHECK_THROWS_WITH(decode_exception(from), Catch::Matchers::ContainsSubstring(std::to_string(levels) + " levels"));
  }
  const bytes hostile = encoded(std::uint8_t{1}, std::uint64_t{1} << 63);
  byte_reader from(hostile);
  CHECK_THROWS_AS(decode_exception(from), workpool::codec_error);
}
