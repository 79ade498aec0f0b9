#include <workpool/ipc/remote.hpp>

#include "support/catch.hpp"

#include <string>
#include <type_traits>

using workpool::remote;

TEST_CASE("a remote callable is its name, and does not copy it") {
  const std::string name = "resize";
  const remote made(name);
  CHECK(made.name == "resize");
  CHECK(made.name.data() == name.data());
  constexpr remote braces{"shrink"};
  CHECK(braces.name == "shrink");
}

TEST_CASE("a plain text does not become a remote callable by itself") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<const char*, remote>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::string, remote>);
}
