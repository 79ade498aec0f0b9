#include <workpool/ipc/codec.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <workpool/ipc/codecs.hpp>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool::codable;
using workpool::codable_value;
using workpool_test::check_cuts;
using workpool_test::check_round_trip;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;

namespace {

/// Has no default constructor, an invariant, and a codec of its own.
class even {
 public:
  explicit even(int value) : value_(value) {}
  int value() const noexcept { return value_; }
  friend bool operator==(const even&, const even&) = default;

 private:
  int value_;
};

/// An aggregate whose own codec goes before the model for aggregates.
struct halved {
  int value;
  friend bool operator==(const halved&, const halved&) = default;
};

/// A container whose own codec goes before the model for containers.
template <class T>
struct secretive : std::vector<T> {
  using std::vector<T>::vector;
};

/// A view with a holder of its own.
struct name_view {
  const std::string* name;
};

/// What has no codec, but an adapter for it.
class strange {
 public:
  strange() = default;
  explicit strange(std::string text) : text_(std::move(text)) {}
  const std::string& text() const noexcept { return text_; }
  friend bool operator==(const strange&, const strange&) = default;

 private:
  std::string text_;
};

/// Trivially copyable, with an adapter: which knows more.
class half_known {
 public:
  half_known() = default;
  explicit half_known(int kept) : kept_(kept) {}
  int kept() const noexcept { return kept_; }
  int cached = 0;

 private:
  int kept_ = 0;
};

/// Recursive by its own codec.
struct russian_doll {
  std::unique_ptr<russian_doll> inner;
  bool wrapped() const noexcept { return inner != nullptr; }
};

struct tree {
  std::string name;
  std::vector<tree> children;
  std::optional<std::vector<tree>> more;
  friend bool operator==(const tree&, const tree&) = default;
};

struct left_half;
struct right_half {
  std::vector<left_half> lefts;
};
struct left_half {
  std::vector<right_half> rights;
};

struct left_pointer;
struct right_pointer {
  std::vector<left_pointer> lefts;
};
struct left_pointer {
  std::vector<right_pointer> rights;
  int* pointer;
};

struct chain {
  int value;
  std::unique_ptr<chain> next;
};

chain chain_of(int links) {
  chain first{0, nullptr};
  for (int n = 1; n < links; ++n) first = chain{n, std::make_unique<chain>(std::move(first))};
  return first;
}

int length_of(const chain& first) {
  int links = 0;
  for (const chain* one = &first; one != nullptr; one = one->next.get()) ++links;
  return links;
}

}  // namespace

template <>
struct workpool::codec<even> {
  static void encode(byte_writer& into, const even& one) { workpool::encode(into, one.value()); }
  static even decode(byte_reader& from) {
    const int value = workpool::decode<int>(from);
    if (value % 2 != 0) throw codec_error("an even arrived odd");
    return even(value);
  }
};
template <>
struct workpool::codec<halved> {
  static void encode(byte_writer& into, const halved& one) { workpool::encode(into, std::int8_t(one.value / 2)); }
  static halved decode(byte_reader& from) { return {workpool::decode<std::int8_t>(from) * 2}; }
};
template <class T>
struct workpool::codec<secretive<T>> {
  static void encode(byte_writer&, const secretive<T>&) {}
  static secretive<T> decode(byte_reader&) { return {}; }
};
template <>
struct workpool::codec<name_view> {
  using holder = std::string;
  static void encode(byte_writer& into, const name_view& one) { workpool::encode(into, *one.name); }
  static std::string decode(byte_reader& from) { return workpool::decode<std::string>(from); }
  static name_view view(std::string& held) { return {&held}; }
};
template <>
struct workpool::detail::fallback_codec<strange> {
  static void encode(byte_writer& into, const strange& one) { workpool::encode(into, one.text()); }
  static strange decode(byte_reader& from) { return strange(workpool::decode<std::string>(from)); }
};
template <>
struct workpool::detail::fallback_codec<half_known> {
  static void encode(byte_writer& into, const half_known& one) { workpool::encode(into, one.kept()); }
  static half_known decode(byte_reader& from) { return half_known(workpool::decode<int>(from)); }
};
template <>
struct workpool::codec<russian_doll> {
  static void encode(byte_writer& into, const russian_doll& one) {
    for (const russian_doll* doll = &one; doll->wrapped(); doll = doll->inner.get()) workpool::encode(into, true);
    workpool::encode(into, false);
  }
  static russian_doll decode(byte_reader& from) {
    if (!workpool::decode<bool>(from)) return {};
    return {std::make_unique<russian_doll>(workpool::decode<russian_doll>(from))};
  }
};

static_assert(codable_value<tree> && codable_value<left_half> && codable_value<right_half> && codable_value<chain>);
static_assert(!codable<left_pointer> && !codable<right_pointer>);
static_assert(codable<name_view> && !codable_value<name_view> && !codable<std::vector<name_view>>);
static_assert(codable_value<const std::string> && !codable<std::string&> && !codable<const std::string&>);
static_assert(!codable<std::shared_ptr<int>> && !codable<std::vector<std::shared_ptr<int>>>);
static_assert(!codable<void> && !codable<int[3]>);

TEST_CASE("a codec of the user is used, alone and inside of other types", "[codec]") {
  CHECK(comes_back(even(4)));
  CHECK(comes_back(std::vector<even>{even(2), even(4)}));
  CHECK(comes_back(std::optional<even>(even(2))));
  CHECK_THROWS_WITH(decoded<even>(encoded(3)), "an even arrived odd");
}

TEST_CASE("a codec of the user goes before the models", "[codec]") {
  CHECK(encoded(halved{10}).size() == 1);
  CHECK(comes_back(halved{10}));
  CHECK(encoded(std::vector<halved>{{2}, {4}, {6}}).size() == 8 + 3);
  CHECK(encoded(secretive<int>{1, 2, 3}).empty());
}

TEST_CASE("an adapter serves what has no codec, and what nobody can look into", "[codec]") {
  CHECK(comes_back(strange("text")));
  CHECK(comes_back(std::vector<strange>{strange("a"), strange("b")}));
  half_known value(5);
  value.cached = 7;
  CHECK(check_round_trip(value).kept() == 5);
  CHECK(check_round_trip(value).cached == 0);
}

TEST_CASE("types that contain themselves come back", "[codec]") {
  const tree value{"root", {{"a", {}, {}}, {"b", {{"c", {}, {}}}, {}}}, std::vector<tree>{{"d", {}, {}}}};
  CHECK(comes_back(value));
  CHECK(length_of(check_round_trip(chain_of(10))) == 10);
  left_half both;
  both.rights.resize(2);
  both.rights[1].lefts.resize(3);
  CHECK(check_round_trip(both).rights.at(1).lefts.size() == 3);
}

TEST_CASE("what is nested as deep as the limit comes back, and deeper is refused on both sides", "[codec]") {
  CHECK(length_of(decoded<chain>(encoded(chain_of(256)))) == 256);
  CHECK_THROWS_WITH(encoded(chain_of(257)), Catch::Matchers::ContainsSubstring("256 levels"));
  CHECK_THROWS_AS(encoded(chain_of(257)), workpool::codec_error);

  workpool_test::bytes hostile;
  workpool::byte_writer into(hostile, 10'000'000);
  for (int n = 0; n < 1'000'000; ++n) {
    workpool::encode(into, n);
    workpool::encode(into, true);
  }
  CHECK_THROWS_WITH(decoded<chain>(hostile), Catch::Matchers::ContainsSubstring("256 levels"));
}

TEST_CASE("a codec of the user that calls itself is bounded, too", "[codec]") {
  const workpool_test::bytes hostile(1'000'000, std::byte{1});
  CHECK_THROWS_WITH(decoded<russian_doll>(hostile), Catch::Matchers::ContainsSubstring("256 levels"));
}
