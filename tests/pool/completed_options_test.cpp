#include <workpool/pool/completed_options.hpp>

#include "support/catch.hpp"

namespace wp = workpool;
using wp::detail::completed;

TEST_CASE("options without a name or a size get both", "[options]") {
  const wp::pool_options options = completed(wp::pool_options{});
  CHECK(options.name == "pool");
  CHECK(options.workers.min == wp::default_concurrency());
  CHECK(options.workers.max == wp::default_concurrency());
}

TEST_CASE("what was said stays as it is", "[options]") {
  const wp::pool_options options = completed(wp::pool_options{.name = "calc", .workers = {2, 7}});
  CHECK(options.name == "calc");
  CHECK(options.workers.min == 2);
  CHECK(options.workers.max == 7);
}

TEST_CASE("a least number that is left open is not above the most", "[options]") {
  const wp::worker_range one = completed(wp::worker_range(0, 1));
  CHECK(one.min == 1);
  CHECK(one.max == 1);
  const wp::worker_range many = completed(wp::worker_range(0, wp::most_workers));
  CHECK(many.min == std::min(wp::default_concurrency(), wp::most_workers));
  CHECK(many.max == wp::most_workers);
}

TEST_CASE("options that cannot be used are refused by field before they are completed", "[options]") {
  CHECK_THROWS_AS(completed(wp::worker_range(2, 1)), wp::bad_config);
  CHECK_THROWS_AS(completed(wp::pool_options{.idle_timeout = -wp::duration(1)}), wp::bad_config);
}
