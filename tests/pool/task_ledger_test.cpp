#include <workpool/pool/task_ledger.hpp>

#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>
#include <workpool/core/call_task.hpp>
#include <workpool/core/task_owner.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"

namespace wp = workpool;
using wp::detail::task_ledger;

namespace {

/// A pool that only keeps books.
struct bookkeeper final : wp::detail::task_owner {
  bookkeeper() = default;
  void withdrawn(wp::detail::task& one, wp::outcome result) noexcept override { ledger.withdrawn(one, result); }
  void run_here(wp::detail::task&) override {}
  bool wait_inside(wp::detail::task& one, wp::time_point) override { return one.settled(); }
  bool lets_help() const noexcept override { return false; }
  void unobserved(wp::task_id, const std::exception_ptr&) noexcept override { ++unseen; }
  void retain() noexcept override { ++references; }
  void release() noexcept override { --references; }

  wp::detail::task& accept() {
    auto* const made = new wp::detail::call_task<void (*)()>([] {});
    made->describe_as(7, wp::priority::normal);
    ledger.intake().accept(made->lane());
    made->accept_by(*this);
    return *made;
  }

  wp::pool_options options{.name = "books"};
  task_ledger ledger{options};
  int unseen = 0, references = 0;
};

wp::pool_stats stats_of(const task_ledger& ledger) {
  wp::pool_stats now;
  ledger.write_to(now);
  return now;
}

}  // namespace

TEST_CASE("a task that begins is running in the books, and has its outcome when it is closed") {
  bookkeeper pool;
  wp::detail::task& one = pool.accept();
  CHECK(stats_of(pool.ledger).queued == 1);
  REQUIRE(one.start());
  REQUIRE(pool.ledger.begin(one, 0, pool.ledger.shared_books()));
  CHECK(stats_of(pool.ledger).running == 1);
  CHECK_FALSE(pool.ledger.balanced());
  one.drop();
  pool.ledger.close(one, 0, pool.ledger.shared_books(), wp::outcome::value, nullptr);
  CHECK(one.state().outcome() == wp::outcome::value);
  CHECK(pool.ledger.balanced());
  workpool_test::check_balance(stats_of(pool.ledger));
  one.drop_reference();
}

TEST_CASE("a task that fails and nobody looks at is told of as unobserved") {
  bookkeeper pool;
  wp::detail::task& one = pool.accept();
  REQUIRE(one.start());
  REQUIRE(pool.ledger.begin(one, 0, pool.ledger.shared_books()));
  one.drop();
  pool.ledger.close(one, 0, pool.ledger.shared_books(), wp::outcome::failed,
                    std::make_exception_ptr(std::runtime_error("lost")));
  CHECK(stats_of(pool.ledger).failed == 1);
  CHECK(pool.references == 1);
  one.drop_reference();
  CHECK(pool.unseen == 1);
  CHECK(pool.references == 0);
}

TEST_CASE("a task without a plan has no other attempt") {
  bookkeeper pool;
  wp::detail::task& one = pool.accept();
  REQUIRE(one.start());
  REQUIRE(pool.ledger.begin(one, 0, pool.ledger.shared_books()));
  CHECK(pool.ledger.plan_next(one, wp::outcome::failed, nullptr) == wp::time_point::max());
  one.drop();
  pool.ledger.close(one, 0, pool.ledger.shared_books(), wp::outcome::cancelled, nullptr);
  one.drop_reference();
}

TEST_CASE("what is awaited of the books is looked at after each change") {
  bookkeeper pool;
  CHECK(pool.ledger.await([&] { return pool.ledger.balanced(); }));
  wp::detail::task& one = pool.accept();
  CHECK_FALSE(pool.ledger.await([&] { return pool.ledger.balanced(); }, wp::steady::now()));
  CHECK(one.withdraw(wp::outcome::discarded));
  CHECK(pool.ledger.await([&] { return pool.ledger.balanced(); }));
  one.drop_reference();
}

TEST_CASE("the calls of a part that are not the one it ends with are counted, and told with their numbers") {
  bookkeeper pool;
  std::vector<std::pair<wp::task_id, wp::outcome>> told;
  std::vector<wp::task_id> begun;
  const auto settled = pool.ledger.hub().on<wp::event::task_settled>(
      [&](const wp::event::task_settled& one) { told.emplace_back(one.task, one.outcome); });
  const auto started = pool.ledger.hub().on<wp::event::task_started>(
      [&](const wp::event::task_started& one) { begun.push_back(one.task); });
  wp::detail::task& one = pool.accept();
  pool.ledger.intake().accept_more(one.lane(), 4);
  REQUIRE(one.start());
  wp::detail::run_books& books = pool.ledger.shared_books();
  REQUIRE(pool.ledger.begin(one, 0, books));
  pool.ledger.count_calls(one.lane(), 7, 2, 0, books, wp::outcome::cancelled);
  CHECK(stats_of(pool.ledger).running == 1);
  pool.ledger.close_others(one, 9, 2, wp::outcome::discarded);
  one.drop();
  pool.ledger.close(one, 0, books, wp::outcome::worker_lost, nullptr);
  const wp::pool_stats now = stats_of(pool.ledger);
  CHECK(now.completed == 1);
  CHECK(now.cancelled == 1);
  CHECK(now.worker_lost == 1);
  CHECK(now.discarded == 2);
  CHECK(now.started == 3);
  CHECK(pool.ledger.balanced());
  workpool_test::check_balance(now);
  using wp::outcome;
  CHECK(told == std::vector<std::pair<wp::task_id, outcome>>{{7, outcome::value},
                                                             {8, outcome::cancelled},
                                                             {10, outcome::discarded},
                                                             {11, outcome::discarded},
                                                             {9, outcome::worker_lost}});
  CHECK(begun == std::vector<wp::task_id>{8, 9});
  one.drop_reference();
}
