#include <workpool/worker/spawner.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

using namespace workpool::detail;

namespace {

struct refusing_spawner {
  static launched launch(const launch_order&) { return {-1, 42}; }
};
struct no_spawner {
  static int launch(const launch_order&);
};

auto count(const std::vector<std::string>& all, const std::string& one) {
  return std::count(all.begin(), all.end(), one);
}

}  // namespace

TEST_CASE("the spawner is the one that was registered last") {
  STATIC_REQUIRE(spawner<refusing_spawner>);
  STATIC_REQUIRE_FALSE(spawner<no_spawner>);
#ifdef WORKPOOL_TEST_FORK
  CHECK(registered_spawner::get() != nullptr);  // by worker_entry in main
#else
  CHECK(registered_spawner::get() == nullptr);
#endif
  registered_spawner::use<refusing_spawner>();
  REQUIRE(registered_spawner::get() != nullptr);
  CHECK(registered_spawner::get()({}).error == 42);
}

TEST_CASE("an inherited environment has each variable once, as the order has it") {
  ::setenv("WORKPOOL_TEST_A", "old", 1);
  ::setenv("WORKPOOL_TEST_AB", "stays", 1);
  const auto all = environment_for({.env = {{"WORKPOOL_TEST_A", "new=er"}, {"WORKPOOL_TEST_C", ""}}});
  CHECK(count(all, "WORKPOOL_TEST_A=new=er") == 1);
  CHECK(count(all, "WORKPOOL_TEST_A=old") == 0);
  CHECK(count(all, "WORKPOOL_TEST_AB=stays") == 1);
  CHECK(count(all, "WORKPOOL_TEST_C=") == 1);
}

TEST_CASE("an empty environment has what the order has and nothing else") {
  const auto all = environment_for({.base = environment_base::empty, .env = {{"B", "2"}, {"A", "1"}}});
  CHECK(all == std::vector<std::string>{"B=2", "A=1"});
}
