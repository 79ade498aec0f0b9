#include <workpool/ipc/field_count.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "support/catch.hpp"

using workpool::detail::field_count;
using workpool::detail::uncountable;

namespace {

struct undefaulted {
  explicit undefaulted(int) {}
};

struct none {};
struct one {
  int a;
};
struct two {
  std::string a;
  one b;
};
struct of_arrays {
  int a[3];
  std::string b[2][2];
  char c[1000];
  bool d;
};
struct of_bits {
  unsigned a : 3, b : 5;
  bool c : 1;
};
struct of_constants {
  const int a;
  const std::string b;
};
struct with_defaults {
  int a = 1;
  std::string b = "b";
};
struct of_immovables {
  std::mutex a;
  std::atomic<int> b;
};
struct of_itself {
  std::vector<of_itself> a;
  std::unique_ptr<of_itself> b;
};
struct of_everything_after_undefaulted {
  undefaulted a;
  std::optional<int> b;
  std::string c;
  std::variant<int, std::string> d;
  std::vector<int> e;
  std::tuple<int, char> f;
  std::unique_ptr<int> g;
  std::map<int, undefaulted> h;
  two i;
};
struct undefaulted_last {
  std::array<int, 3> a;
  std::function<void()> b;
  std::string_view c;
  undefaulted d;
};
struct undefaulted_only {
  undefaulted a;
};
struct of_sixteen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
};
struct of_seventeen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q;
};
struct of_seventeen_undefaulted {
  undefaulted a;
  int b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q;
};
struct derived : one {
  int b;
};
struct derived_from_none : none {
  int b;
};
union either {
  int a;
  float b;
};
struct of_union {
  int a;
  either b;
};
struct of_anonymous_union {
  int a;
  union {
    int b;
    float c;
  };
};
struct anonymous_union_first {
  union {
    int b;
    float c;
  };
};
struct anonymous_union_after_undefaulted {
  undefaulted a;
  union {
    int b;
    float c;
  };
};
struct array_after_undefaulted {
  undefaulted a;
  int b[3];
  std::string c;
};
struct array_before_undefaulted {
  std::string a[2];
  int b;
  undefaulted c;
};

static_assert(field_count<none> == 0);
static_assert(field_count<one> == 1);
static_assert(field_count<two> == 2);
static_assert(field_count<of_arrays> == 4);
static_assert(field_count<of_bits> == 3);
static_assert(field_count<of_constants> == 2);
static_assert(field_count<with_defaults> == 2);
static_assert(field_count<of_immovables> == 2);
static_assert(field_count<of_itself> == 2);
static_assert(field_count<of_everything_after_undefaulted> == 9);
static_assert(field_count<undefaulted_last> == 4);
static_assert(field_count<undefaulted_only> == 1);
static_assert(field_count<of_sixteen> == 16);

static_assert(field_count<of_seventeen> == uncountable);
static_assert(field_count<of_seventeen_undefaulted> == uncountable);
static_assert(field_count<derived> == uncountable);
static_assert(field_count<derived_from_none> == uncountable);
static_assert(field_count<of_union> == uncountable);
static_assert(field_count<of_anonymous_union> == uncountable);
static_assert(field_count<anonymous_union_first> == uncountable);
static_assert(field_count<anonymous_union_after_undefaulted> == uncountable);
static_assert(field_count<array_after_undefaulted> == uncountable);
static_assert(field_count<array_before_undefaulted> == uncountable);

}  // namespace

TEST_CASE("a field counts once, whatever its type", "[field_count]") {
  struct local {
    std::string a;
    int b[4];
    two c;
  };
  STATIC_REQUIRE(field_count<local> == 3);  // all others are asked above, by static_assert
}
