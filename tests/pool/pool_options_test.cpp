#include <workpool/pool/pool_options.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>

using Catch::Matchers::ContainsSubstring;
using workpool::bad_config;
using workpool::checked;
using workpool::pool_options;
using workpool::worker_range;

namespace {

/// The field that is refused and the text, or nothing.
struct refusal {
  std::string field, text;
};

refusal refused(const pool_options& options) {
  try {
    checked(options);
  } catch (const bad_config& thrown) {
    return {std::string(thrown.field()), thrown.what()};
  }
  return {};
}

}  // namespace

TEST_CASE("options as they come are in order") {
  const pool_options options;
  CHECK(&checked(options) == &options);
  CHECK(options.workers.min == 0);
  CHECK(options.workers.max == 0);
  CHECK(options.on_uncaught == workpool::on_uncaught::report);
  CHECK_FALSE(options.uncaught_handler);
  CHECK_FALSE(options.on_start);
  CHECK_FALSE(options.on_stop);
}

TEST_CASE("one number of workers is a range of that size") {
  const pool_options four{.workers = 4};
  CHECK(four.workers.min == 4);
  CHECK(four.workers.max == 4);
  const pool_options range{.workers = {1, 8}};
  CHECK(range.workers.min == 1);
  CHECK(range.workers.max == 8);
  STATIC_REQUIRE(worker_range().max == 0);
  STATIC_REQUIRE(worker_range(3).min == 3);
  STATIC_REQUIRE(worker_range(3, 5).max == 5);
}

TEST_CASE("0 to 4096 workers are accepted") {
  for (const std::size_t count : {0U, 1U, 4U, 4095U, 4096U}) CHECK(refused({.workers = count}).field.empty());
}

TEST_CASE("a number of workers that cannot be is refused by name, value and remedy") {
  const refusal many = refused({.workers = 4097});
  CHECK(many.field == "workers");
  CHECK_THAT(many.text, ContainsSubstring("workers is 4097") && ContainsSubstring("at most 4096"));

  const refusal reversed = refused({.workers = {3, 2}});
  CHECK(reversed.field == "workers.min");
  CHECK_THAT(reversed.text, ContainsSubstring("min is 3") && ContainsSubstring("max is 2") &&
                                ContainsSubstring("min must not be above max"));

  const refusal negative = refused({.workers = static_cast<std::size_t>(-1)});
  CHECK(negative.field == "workers");

  CHECK(refused({.workers = {1, 8}}).field.empty());
}

TEST_CASE("where and how workers run is refused by name, value and remedy when it cannot be") {
  const refusal cpus = refused({.cpus = {0, 1 << 20}});
  CHECK(cpus.field == "cpus");
  CHECK_THAT(cpus.text, ContainsSubstring("cpus contains 1048576") && ContainsSubstring("affinity"));
  const refusal nice = refused({.nice = 20});
  CHECK(nice.field == "nice");
  CHECK_THAT(nice.text, ContainsSubstring("nice is 20") && ContainsSubstring("-20 to 19"));
  const refusal idle = refused({.idle_timeout = std::chrono::seconds(-1)});
  CHECK(idle.field == "idle_timeout");
  CHECK_THAT(idle.text, ContainsSubstring("-1 s") && ContainsSubstring("0 or more"));
  const refusal spares = refused({.max_overrun = 5000});
  CHECK(spares.field == "max_overrun");
  CHECK_THAT(spares.text, ContainsSubstring("5000") && ContainsSubstring("4096"));
  CHECK(refused({.cpus = {0}, .nice = 19, .max_overrun = 0}).field.empty());
}

TEST_CASE("an unknown value of on_uncaught is refused by name, value and remedy") {
  for (const auto known :
       {workpool::on_uncaught::report, workpool::on_uncaught::terminate, workpool::on_uncaught::ignore}) {
    CHECK(refused({.on_uncaught = known}).field.empty());
  }
  const refusal unknown = refused({.on_uncaught = static_cast<workpool::on_uncaught>(3)});
  CHECK(unknown.field == "on_uncaught");
  CHECK_THAT(unknown.text, ContainsSubstring("on_uncaught is 3") && ContainsSubstring("on_uncaught::report"));
}

TEST_CASE("the options of the queue are checked along") {
  CHECK(refused({.queue = {.on_full = static_cast<workpool::on_full>(9)}}).field == "queue.on_full");
}
