#include <workpool/ipc/call_codec.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using Catch::Matchers::ContainsSubstring;
using workpool::byte_reader;
using workpool::byte_writer;
using workpool::detail::decoded_arguments;
using workpool::detail::encode_arguments;
using workpool_test::bytes;
using workpool_test::exact_copy;

namespace {

template <class... Arguments>
bytes sent(const Arguments&... arguments) {
  bytes message;
  byte_writer into(message, 1 << 21);
  encode_arguments(into, arguments...);
  return message;
}

template <class... Arguments, class Callable>
decltype(auto) called(const bytes& message, Callable&& callable) {
  byte_reader from(message);
  decoded_arguments<Arguments...> arguments(from);
  return arguments.apply(std::forward<Callable>(callable));
}

struct immovable {
  std::string text;
  struct pin {
    pin() = default;
    pin(const pin&) = delete;
  } pinned;
};

}  // namespace

template <>
struct workpool::codec<immovable::pin> {
  static void encode(byte_writer&, const immovable::pin&) {}
  static immovable::pin decode(byte_reader&) { return {}; }
};

TEST_CASE("arguments arrive in their order, as rvalues of their types", "[call_codec]") {
  const std::string text = called<int, std::string, char>(sent(1, std::string("two"), '3'),
                                                          []<class A, class B, class C>(A&& a, B&& b, C&& c) {
                                                            STATIC_REQUIRE(std::is_same_v<A, int>);
                                                            STATIC_REQUIRE(std::is_same_v<B, std::string>);
                                                            STATIC_REQUIRE(std::is_same_v<C, char>);
                                                            return std::to_string(a) + b + c;
                                                          });
  CHECK(text == "1two3");
}

TEST_CASE("a call without arguments is no bytes", "[call_codec]") {
  CHECK(sent().empty());
  CHECK(called<>({}, [] { return 5; }) == 5);
}

TEST_CASE("the same type may come twice", "[call_codec]") {
  CHECK(called<int, int, int>(sent(1, 2, 3), [](int a, int b, int c) { return 100 * a + 10 * b + c; }) == 123);
}

TEST_CASE("a literal is sent as text, and views live as long as the call", "[call_codec]") {
  const std::vector<int> numbers{1, 2};
  const bytes message = sent("literal", std::string_view("view"), std::span(numbers));
  const std::string text = called<const char*, std::string_view, std::span<const int>>(
      message, [](const char* a, std::string_view b, std::span<const int> c) {
        return std::string(a).append(b).append(std::to_string(c[0] + c[1]));
      });
  CHECK(text == "literalview3");
}

TEST_CASE("arguments that can only be moved are moved into the call", "[call_codec]") {
  const auto result =
      called<std::unique_ptr<int>>(sent(std::make_unique<int>(5)), [](std::unique_ptr<int> one) { return one; });
  REQUIRE(result != nullptr);
  CHECK(*result == 5);
}

TEST_CASE("an argument that cannot be moved arrives", "[call_codec]") {
  CHECK(called<immovable, int>(sent(immovable{"text", {}}, 1), [](immovable&& one, int) { return one.text; }) ==
        "text");
}

TEST_CASE("what the callable gives is given on as it is, a reference too", "[call_codec]") {
  int number = 5;
  auto&& result = called<int>(sent(1), [&](int) -> int& { return number; });
  STATIC_REQUIRE(std::is_same_v<decltype(result), int&>);
  CHECK(&result == &number);
}

TEST_CASE("bytes that are left over, or missing, are refused before the call", "[call_codec]") {
  const bytes message = sent(1, std::string("two"));
  for (std::size_t size = 0; size < message.size(); ++size) {
    const exact_copy cut(std::span<const std::byte>(message).first(size));
    byte_reader from(cut);
    using arguments = decoded_arguments<int, std::string>;
    REQUIRE_THROWS_AS(arguments(from), workpool::codec_error);
  }
  byte_reader from(message);
  CHECK_THROWS_WITH(decoded_arguments<int>(from), ContainsSubstring("longer than its values"));
}

TEST_CASE("arguments that do not fit leave nothing behind", "[call_codec]") {
  bytes message(3);
  byte_writer into(message, 20);
  CHECK_THROWS_AS(encode_arguments(into, 1, std::string(100, 'x')), workpool::message_too_large);
  CHECK(message.size() == 3);
  CHECK_THROWS_AS(encode_arguments(into, 1, static_cast<const char*>(nullptr)), workpool::codec_error);
  CHECK(message.size() == 3);
}

TEST_CASE("the block of a value is seen from outside where it has one", "[call_codec]") {
  using workpool::detail::block_size;
  CHECK(block_size(std::string(10, 'x')) == 10);
  CHECK(block_size(std::vector<int>(3)) == 3 * sizeof(int));
  CHECK(block_size(std::string_view("four")) == 4);
  CHECK(block_size(std::vector<std::string>(3)) == 0);
  CHECK(block_size(std::vector<bool>(3)) == 0);
  CHECK(block_size(7) == 0);
}

TEST_CASE("large arguments arrive among small ones", "[call_codec]") {
  const std::string large(700'000, 'x');
  CHECK(called<char, std::string, std::string>(
      sent('a', large, large),
      [&](char, const std::string& b, const std::string& c) { return b == large && c == large; }));
}
