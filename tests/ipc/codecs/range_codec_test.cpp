#include <workpool/ipc/codecs/range_codec.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using workpool_test::bytes;
using workpool_test::check_cuts;
using workpool_test::comes_back;
using workpool_test::decoded;
using workpool_test::encoded;
using workpool_test::noting_allocator;
using workpool_test::refusal_of;

namespace {

struct wide {
  std::uint64_t numbers[128];
  std::string text;
};

/// Not default-constructible, and its bytes.
class grade {
 public:
  explicit grade(int value) : value_(value) {}
  friend bool operator==(const grade&, const grade&) = default;

 private:
  int value_;
};

/// A container that holds itself, as documents do.
struct document {
  using value_type = document;
  std::size_t size() const { return 0; }
  const document* begin() const { return nullptr; }
  const document* end() const { return nullptr; }
  void push_back(document&&) {}
  std::shared_ptr<int> hidden;
};

static_assert(!workpool::codable<document>);
static_assert(!workpool::codable<std::forward_list<int>>);

const bytes count_of_2_63 = encoded(std::uint64_t{1} << 63, 'a', 'b');

}  // namespace

TEST_CASE("sequences come back", "[range_codec]") {
  CHECK(comes_back(std::vector<int>{}));
  CHECK(comes_back(std::vector<int>{1, 2, 3}));
  CHECK(comes_back(std::vector<std::string>{"", "b", "a longer one that needs memory of its own"}));
  CHECK(comes_back(std::vector<bool>{true, false, true}));
  CHECK(comes_back(std::deque<double>{1.5, -2}));
  CHECK(comes_back(std::list<std::vector<char>>{{'a'}, {}}));
  CHECK(comes_back(std::vector<grade>{grade(1), grade(2)}));
}

TEST_CASE("sets and maps come back", "[range_codec]") {
  CHECK(comes_back(std::set<std::string>{"a", "b"}));
  CHECK(comes_back(std::multiset<int>{1, 1, 2}));
  CHECK(comes_back(std::map<std::string, int>{{"a", 1}, {"b", 2}}));
  CHECK(comes_back(std::multimap<int, std::string>{{1, "a"}, {1, "b"}}));
  CHECK(comes_back(std::unordered_set<int>{1, 2, 3}));
  CHECK(comes_back(std::unordered_map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}));
  CHECK(comes_back(std::set<int, std::greater<>>{3, 1, 2}));
}

TEST_CASE("text of any character type comes back, zeros included", "[range_codec]") {
  CHECK(comes_back(std::string("a\0b", 3)));
  CHECK(comes_back(std::wstring(L"wide")));
  CHECK(comes_back(std::u16string(u"16")));
  CHECK(comes_back(std::u32string(U"32")));
  CHECK(comes_back(std::u8string(u8"8")));
}

TEST_CASE("plain memory is copied as a block, which costs its bytes and the count", "[range_codec]") {
  CHECK(encoded(std::vector<double>(100)).size() == 8 + 800);
  CHECK(encoded(std::string(100, 'x')).size() == 8 + 100);
  CHECK(encoded(std::deque<double>(100)) == encoded(std::vector<double>(100)));
}

TEST_CASE("elements that can only be moved come back", "[range_codec]") {
  std::vector<std::unique_ptr<int>> pointers;
  pointers.push_back(std::make_unique<int>(1));
  pointers.push_back(nullptr);
  const auto back = decoded<std::vector<std::unique_ptr<int>>>(encoded(pointers));
  REQUIRE(back.size() == 2);
  CHECK(*back[0] == 1);
  CHECK(back[1] == nullptr);

  std::map<std::unique_ptr<int>, std::unique_ptr<int>> map;
  map.emplace(std::make_unique<int>(1), std::make_unique<int>(2));
  const auto map_back = decoded<std::map<std::unique_ptr<int>, std::unique_ptr<int>>>(encoded(map));
  REQUIRE(map_back.size() == 1);
  CHECK(*map_back.begin()->first == 1);
  CHECK(*map_back.begin()->second == 2);
}

TEMPLATE_TEST_CASE("elements without bytes come back, and their number is bounded by the message", "[range_codec]",
                   std::vector<std::monostate>, std::list<std::tuple<>>, std::deque<std::monostate>) {
  TestType value;
  value.resize(1000);
  const bytes message = encoded(value);
  CHECK(message.size() == 8 + 1000);
  CHECK(decoded<TestType>(message).size() == 1000);
  check_cuts<TestType>(message);
  CHECK(refusal_of<TestType>(count_of_2_63).find("elements") != std::string::npos);
}

TEST_CASE("a hostile number of elements allocates nothing", "[range_codec]") {
  const auto most_for = [](auto empty, const bytes& message) {
    using type = decltype(empty);
    noting_allocator<int>::most = 0;
    noting_allocator<typename type::value_type>::most = 0;
    CHECK(refusal_of<type>(message).find("elements") != std::string::npos);
    return noting_allocator<typename type::value_type>::most;
  };
  for (const std::uint64_t count :
       {std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 61, std::uint64_t{3}}) {
    const bytes message = encoded(count, 'a', 'b');
    CHECK(most_for(std::vector<char, noting_allocator<char>>(), message) == 0);
    CHECK(most_for(std::vector<double, noting_allocator<double>>(), message) == 0);
    CHECK(most_for(std::vector<std::string, noting_allocator<std::string>>(), message) == 0);
    CHECK(most_for(std::list<std::string, noting_allocator<std::string>>(), message) == 0);
    CHECK(most_for(std::vector<std::monostate, noting_allocator<std::monostate>>(), message) == 0);
  }
}

TEST_CASE("memory is for the elements that can be there, not for all that are announced", "[range_codec]") {
  bytes message = encoded(std::uint64_t{10'000});
  message.resize(message.size() + 10'000);  // so many bytes are there, but ten elements at most
  noting_allocator<wide>::most = 0;
  CHECK(!refusal_of<std::vector<wide, noting_allocator<wide>>>(message).empty());
  CHECK(noting_allocator<wide>::most <= 20'000 + 2 * sizeof(wide));
}
