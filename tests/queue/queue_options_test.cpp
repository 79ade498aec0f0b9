#include <workpool/queue/queue_options.hpp>

#include "support/catch.hpp"

#include <string>

using workpool::on_full;
using workpool::queue_options;

TEST_CASE("a queue is unbounded, blocks without limit and ages by default") {
  const queue_options options;
  CHECK(options.capacity == 0);
  CHECK(options.on_full == on_full::block);
  CHECK_FALSE(options.block_for);
  CHECK(options.aging == 61);
  CHECK_FALSE(options.fifo);
}

TEST_CASE("every overflow policy there is passes the check, unchanged") {
  for (const on_full policy : {on_full::block, on_full::reject, on_full::caller_runs, on_full::drop_oldest}) {
    const queue_options options{.capacity = 3, .on_full = policy};
    CHECK(&checked(options) == &options);
  }
}

TEST_CASE("an overflow policy from outside the enumeration is refused by field, value and remedy") {
  const queue_options options{.on_full = static_cast<on_full>(4)};
  std::string text;
  try {
    checked(options);
  } catch (const workpool::bad_config& refused) {
    text = refused.what();
  }
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("queue.on_full is 4"));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("drop_oldest"));
}
