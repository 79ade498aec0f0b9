#include <workpool/testing/stage.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::stage;

TEST_CASE("what is booked happens at its time, and at the same time in the order of booking", "[stage]") {
  stage here({.seed = 1});
  std::string seen;
  here.book(2s, [&] { seen += "c"; });
  here.book(1s, [&] {
    seen += "a";
    here.book(1s, [&] { seen += "d"; });
  });
  here.book(1s, [&] { seen += "b"; });
  while (here.result.events < 4) here.go_on();
  CHECK(seen == "abcd");
  CHECK(here.now() == wp::time_point{} + 2s);
}

TEST_CASE("what is booked for every so often comes again and again", "[stage]") {
  stage here({.seed = 1});
  std::vector<wp::time_point> times;
  here.book_every([] { return 10s; }, [&] { times.push_back(here.now()); });
  while (times.size() < 3) here.go_on();
  CHECK(times == std::vector{wp::time_point{} + 10s, wp::time_point{} + 20s, wp::time_point{} + 30s});
}

TEST_CASE("a stage refuses options that make no sense", "[stage]") {
  CHECK_THROWS_AS(stage({.workers = 0}), wp::bad_config);
}
