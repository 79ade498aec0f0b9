#if __has_include(<cereal/cereal.hpp>)
#include <workpool/adapter/cereal.hpp>

#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/polymorphic.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using Catch::Matchers::ContainsSubstring;
using workpool::codable;
using workpool::codable_value;
using workpool::detail::codec_of;
using workpool::detail::fallback_codec;
using workpool_test::bytes;
using workpool_test::check_cuts;
using workpool_test::check_flips;
using workpool_test::check_round_trip;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;
using workpool_test::noting_allocator;
using workpool_test::refusal_of;

namespace cereal_test {

class account {
 public:
  account() = default;
  account(std::string owner, std::vector<int> bookings) : owner_(std::move(owner)), bookings_(std::move(bookings)) {}
  friend bool operator==(const account&, const account&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(cereal::make_nvp("owner", owner_), bookings_, notes_, open_);
  }

 private:
  std::string owner_;
  std::vector<int> bookings_;
  std::map<std::string, double> notes_{{"x", 1.5}};
  bool open_ = true;
};

/// Trivially copyable, but serialize() says what counts.
class position {
 public:
  position() = default;
  explicit position(int where) : where_(where), cached_(where * 2) {}
  int where() const noexcept { return where_; }
  int cached() const noexcept { return cached_; }

  template <class Archive>
  void save(Archive& archive) const {
    archive(where_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(where_);
  }

 private:
  int where_ = 0, cached_ = -1;
};

/// An aggregate that has models for all of its fields.
struct plain {
  int number;
  std::string text;
  friend bool operator==(const plain&, const plain&) = default;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(number);
  }
};

/// An aggregate that has not.
struct linked {
  std::shared_ptr<linked> next;
  int number = 0;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(next, number);
  }
};

struct shape {
  virtual ~shape() = default;
  virtual int area() const = 0;
  template <class Archive>
  void serialize(Archive&) {}
};
struct square final : shape {
  int side = 0;
  int area() const override { return side * side; }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(side);
  }
};

struct noting {
  std::vector<double, noting_allocator<double>> numbers;
  std::shared_ptr<int> unmodelled;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(numbers, unmodelled);
  }
};

linked chain_of(int links) {
  linked first;
  for (int n = 1; n < links; ++n) {
    auto next = std::make_shared<linked>(std::move(first));
    first = linked{std::move(next), n};
  }
  return first;
}

int length_of(const linked& first) {
  int links = 0;
  for (const linked* one = &first; one != nullptr; one = one->next.get()) ++links;
  return links;
}

static_assert(codable_value<account> && codable_value<linked> && codable_value<std::shared_ptr<std::string>>);
static_assert(codable_value<std::vector<std::shared_ptr<shape>>> && codable_value<std::optional<account>>);
static_assert(!codable<int*> && !codable<std::vector<int*>> && !codable<void>);
static_assert(std::same_as<codec_of<plain>, workpool::codec<plain>>);
static_assert(std::same_as<codec_of<std::vector<int>>, workpool::codec<std::vector<int>>>);
static_assert(std::same_as<codec_of<position>, fallback_codec<position>>);

}  // namespace cereal_test

CEREAL_REGISTER_TYPE(cereal_test::square)
CEREAL_REGISTER_POLYMORPHIC_RELATION(cereal_test::shape, cereal_test::square)

using namespace cereal_test;

TEST_CASE("a class that cereal can serialise comes back, alone and inside of others", "[cereal]") {
  const account value("someone", {1, 2, 3});
  CHECK(comes_back(value));
  CHECK(comes_back(std::vector<account>{value, account()}));
  CHECK(comes_back(std::pair(1, std::optional(value))));
}

TEST_CASE("models of the library go before cereal, cereal before the bytes of a closed class", "[cereal]") {
  CHECK(comes_back(plain{1, "text"}));
  const position back = check_round_trip(position(5));
  CHECK(back.where() == 5);
  CHECK(back.cached() == -1);
}

TEST_CASE("shared and polymorphic pointers come back", "[cereal]") {
  const auto one = std::make_shared<linked>();
  one->number = 7;
  const auto pair = decoded<std::shared_ptr<linked>>(encoded(std::make_shared<linked>(linked{one, 1})));
  REQUIRE(pair->next != nullptr);
  CHECK(pair->next->number == 7);

  auto figure = std::make_shared<square>();
  figure->side = 3;
  const bytes message = encoded(std::shared_ptr<shape>(figure));
  check_cuts<std::shared_ptr<shape>>(message);
  CHECK(decoded<std::shared_ptr<shape>>(message)->area() == 9);
}

TEST_CASE("any byte of a message may be wrong, a bool that is none is refused", "[cereal]") {
  check_flips<std::shared_ptr<shape>>(encoded(std::shared_ptr<shape>(std::make_shared<square>())));
  bytes message = encoded(account("a", {1}));
  message.back() = std::byte{2};
  CHECK_THAT(refusal_of<account>(message), ContainsSubstring("arrived as 2"));
}

TEST_CASE("a hostile size makes cereal allocate nothing", "[cereal]") {
  for (const std::uint64_t count :
       {std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max(), std::uint64_t{3}}) {
    noting_allocator<double>::most = 0;
    const std::string text = refusal_of<noting>(encoded(count, 'a', 'b'));
    CHECK_THAT(text, ContainsSubstring("elements"));
    CHECK(noting_allocator<double>::most == 0);
  }
}

TEST_CASE("what cereal itself refuses is a codec_error", "[cereal]") {
  struct unregistered final : shape {
    int area() const override { return 0; }
  };
  const std::shared_ptr<shape> figure = std::make_shared<unregistered>();
  CHECK_THROWS_AS(encoded(figure), workpool::codec_error);
  CHECK_THROWS_WITH(encoded(figure), ContainsSubstring("cereal") && ContainsSubstring("unregistered"));
}

TEST_CASE("a chain of pointers that is too long is refused on both sides", "[cereal]") {
  CHECK(length_of(decoded<linked>(encoded(chain_of(400)))) == 400);
  CHECK_THROWS_WITH(encoded(chain_of(2000)), ContainsSubstring("nested too deeply"));

  bytes hostile;
  workpool::byte_writer into(hostile, 100'000'000);
  for (std::uint32_t n = 1; n < 1'000'000; ++n) workpool::encode(into, n | 0x8000'0000u);  // each a new pointer
  CHECK_THROWS_WITH(decoded<linked>(hostile), ContainsSubstring("nested too deeply"));
}
#else
#include "support/catch.hpp"

TEST_CASE("the adapter of cereal works", "[cereal]") { SKIP("cereal is not installed"); }
#endif
