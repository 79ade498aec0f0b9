#include <workpool/process/child_output.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <set>
#include <string_view>

using workpool::child_output;
using workpool::to_string;

TEST_CASE("every kind of child_output has a name of its own, and no other value has one") {
  std::set<std::string_view> names;
  for (const auto kind : {child_output::forward, child_output::inherit, child_output::discard, child_output::capture}) {
    names.insert(to_string(kind));
  }
  CHECK(names == std::set<std::string_view>{"forward", "inherit", "discard", "capture"});
  CHECK(to_string(static_cast<child_output>(9)) == "invalid");
}
