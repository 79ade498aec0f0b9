#include <workpool/ipc/visit_fields.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using workpool::type_list;
using workpool::detail::fields_of;
using workpool::detail::visit_fields;

namespace {

struct mixed {
  int a;
  const char b;
  std::string c[2];
};
static_assert(std::same_as<fields_of<mixed>, type_list<int, const char, std::string[2]>>);

struct referring {
  int a;
  const std::string& b;
};
static_assert(std::same_as<fields_of<referring>, type_list<int, const std::string&>>);

struct empty {};
static_assert(std::same_as<fields_of<empty>, type_list<>>);

struct full {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
};

struct collect {
  std::vector<int>& seen;
  template <class... Fields>
  std::size_t operator()(const Fields&... fields) const {
    (seen.push_back(fields), ...);
    return sizeof...(Fields);
  }
};

struct add_one {
  template <class... Fields>
  void operator()(Fields&... fields) const {
    (++fields, ...);
  }
};

template <std::size_t Size>
struct first_fields;
template <>
struct first_fields<1> {
  int a;
};
template <>
struct first_fields<2> {
  int a, b;
};
template <>
struct first_fields<3> {
  int a, b, c;
};

}  // namespace

TEST_CASE("all fields are visited once, in their order", "[visit_fields]") {
  const full value{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  std::vector<int> seen;
  CHECK(visit_fields(value, collect{seen}) == 16);
  CHECK(seen == std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
}

TEST_CASE("fields of an object that is not constant can be changed", "[visit_fields]") {
  first_fields<1> one{1};
  first_fields<2> two{1, 2};
  first_fields<3> three{1, 2, 3};
  visit_fields(one, add_one());
  visit_fields(two, add_one());
  visit_fields(three, add_one());
  CHECK(one.a == 2);
  CHECK((two.a == 2 && two.b == 3));
  CHECK((three.a == 2 && three.b == 3 && three.c == 4));
}
