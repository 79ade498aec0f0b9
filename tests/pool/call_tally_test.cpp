#include <workpool/pool/call_tally.hpp>

#include <cstddef>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using wp::outcome;
using wp::detail::call_tally;

namespace {

/// A bulk of ten calls in two parts, whose second one has the numbers from 100 on.
struct bulk_of_ten {
  bulk_of_ten() { part().describe_as(100, wp::priority::normal); }
  ~bulk_of_ten() {
    all->break_off(0, nullptr);
    all->submitted();
  }
  wp::detail::bulk_part& part() { return (*all)[1]; }

  wp::detail::bulk_task* const all = wp::detail::bulk_call<void (*)(std::size_t)>::make(10, 2, [](std::size_t) {});
  const wp::task_ref held{all};
};

}  // namespace

TEST_CASE("of a part of a bulk the calls of its last run are told apart from those that have not begun") {
  bulk_of_ten bulk;
  CHECK(call_tally::left_of(bulk.part()) == 5);
  call_tally now = call_tally::of(bulk.part(), 2, outcome::discarded);
  CHECK(now.first == 100);
  CHECK(now.last() == 101);
  CHECK(now.left_over == 3);
  CHECK(now.rest == outcome::discarded);

  bulk.part().have_returned(3);
  now = call_tally::of(bulk.part(), 1, outcome::cancelled);
  CHECK(now.first == 103);
  CHECK(now.last() == 103);
  CHECK(now.left_over == 1);

  bulk.part().have_returned(2);
  now = call_tally::of_last_run(bulk.part(), 2);
  CHECK(now.first == 103);
  CHECK(now.last() == 104);
  CHECK(now.left_over == 0);
}

TEST_CASE("what a worker says of its calls is at most what it was sent, and at least that one has begun") {
  bulk_of_ten bulk;
  CHECK(call_tally::of(bulk.part(), 0, outcome::cancelled).last() == 100);
  CHECK(call_tally::of(bulk.part(), 99, outcome::cancelled).last() == 104);
  CHECK(call_tally::of(bulk.part(), 99, outcome::cancelled).left_over == 0);
}

TEST_CASE("a task that is one call has begun it") {
  workpool_test::probe_log log;
  workpool_test::probe_task one(log);
  one.describe_as(7, wp::priority::normal);
  const call_tally now = call_tally::of(one, 1, outcome::cancelled);
  CHECK(now.last() == 7);
  CHECK(now.left_over == 0);
  CHECK(call_tally::left_of(one) == 1);
}
