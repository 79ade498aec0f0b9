#include <workpool/pool/task_runner.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/accepted_task.hpp"
#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::accepted_task;
using workpool_test::fake_owner;
using wp::detail::run_books;
using wp::detail::run_slot;
using wp::detail::task_runner;

namespace {

/// A runner with one worker, on this thread.
struct one_worker {
  explicit one_worker(wp::pool_options chosen = {}) : options(std::move(chosen)), runner(options) {
    runner.include(books);
  }
  ~one_worker() { owner.retained = owner.released.load(); }

  template <class F>
  auto accept(F&& callable) {
    auto made = workpool_test::accept(owner, std::forward<F>(callable));
    runner.intake().accept(wp::priority::normal);
    return made;
  }

  /// Takes the task and runs it as worker 3.
  void run(wp::task_ref queued) {
    REQUIRE(queued.take());
    runner.run(*queued.release(), slot, books);
  }

  wp::pool_stats stats() const {
    wp::pool_stats now;
    runner.write_to(now);
    return now;
  }

  fake_owner owner;
  const wp::pool_options options;
  task_runner runner;
  run_books books{wp::detail::writers::one};
  run_slot slot{3};
};

}  // namespace

TEST_CASE("a body that returns gives its value, and one line in the books") {
  one_worker here;
  auto one = here.accept([] { return wp::this_worker::id(); });
  CHECK_FALSE(here.runner.balanced());
  here.run(std::move(one.queued));
  CHECK(one.result.get() == 3);
  CHECK(here.runner.balanced());
  CHECK(here.slot.empty());
  CHECK(here.stats().started == 1);
  CHECK(here.stats().completed == 1);
  CHECK(here.stats().running == 0);
}

TEST_CASE("what a body throws fails it, and task_cancelled cancels it") {
  one_worker here;
  auto bad = here.accept([] { throw std::out_of_range("edge"); });
  auto gave_up = here.accept([] { throw wp::task_cancelled("enough"); });
  here.run(std::move(bad.queued));
  here.run(std::move(gave_up.queued));
  CHECK(bad.result.outcome() == wp::outcome::failed);
  CHECK_THROWS_AS(bad.result.get(), std::out_of_range);
  CHECK(gave_up.result.outcome() == wp::outcome::cancelled);
  CHECK_THROWS_WITH(gave_up.result.get(), "enough");
  CHECK(here.stats().failed == 1);
  CHECK(here.stats().cancelled == 1);
}

TEST_CASE("a posted task that throws goes to the handler, a submitted one does not") {
  std::vector<wp::task_id> told;
  one_worker here({.uncaught_handler = [&](std::exception_ptr, wp::task_id id) {
    told.push_back(id);
    throw 1;
  }});
  auto submitted = here.accept([] { throw 1; });
  here.run(std::move(submitted.queued));
  CHECK(told.empty());
  auto posted = here.accept([] { throw 1; });
  posted.task().set_posted();
  here.run(std::move(posted.queued));
  CHECK(told == std::vector{workpool_test::accepted_id});
  CHECK(here.stats().callback_errors == 1);
  CHECK(here.stats().failed == 2);
  CHECK_THROWS_AS(submitted.result.get(), int);
}

TEST_CASE("the callable is destroyed before the outcome is told") {
  one_worker here;
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  bool gone = false;
  here.runner.hub().on<wp::event::task_settled>([&](const auto&) { gone = watch.expired(); });
  auto one = here.accept([held = std::move(held)] {});
  CHECK_FALSE(watch.expired());
  here.run(std::move(one.queued));
  CHECK(gone);
  CHECK(one.result.ready());
}

TEST_CASE("events name task, worker and outcome") {
  one_worker here;
  std::vector<wp::task_id> started;
  std::vector<std::pair<wp::worker_id, wp::outcome>> settled;
  here.runner.hub().on<wp::event::task_started>([&](const auto& news) { started.push_back(news.task); });
  here.runner.hub().on<wp::event::task_settled>(
      [&](const auto& news) { settled.emplace_back(news.worker, news.outcome); });
  auto one = here.accept([] {});
  here.run(std::move(one.queued));
  auto other = here.accept([] {});
  here.runner.withdrawn(other.task(), wp::outcome::discarded);
  CHECK(started == std::vector{workpool_test::accepted_id});
  CHECK(settled == std::vector<std::pair<wp::worker_id, wp::outcome>>{{3, wp::outcome::value},
                                                                      {wp::detail::no_worker, wp::outcome::discarded}});
  CHECK(here.stats().discarded == 1);
  CHECK(here.runner.balanced());
}

TEST_CASE("a guest's task is counted, and is not a worker's") {
  one_worker here;
  auto one = here.accept([] { return wp::this_worker::id(); });
  REQUIRE(one.queued.take());
  here.runner.run_as_guest(*one.queued.release(), wp::detail::no_worker);
  CHECK(one.result.get() == wp::detail::no_worker);
  CHECK(here.stats().completed == 1);
  CHECK(here.books.settled(wp::outcome::value) == 0);
}

TEST_CASE("a task nested in another one belongs to the worker both run on") {
  one_worker here;
  auto inner = here.accept([] { return wp::this_worker::id(); });
  auto outer = here.accept([&] {
    if (inner.queued.take()) here.runner.run_as_guest(*inner.queued.release(), wp::this_worker::id());
  });
  here.run(std::move(outer.queued));
  CHECK(inner.result.get() == 3);
  CHECK(here.stats().completed == 2);
}

TEST_CASE("an abandoned body is settled at once as cancelled, and late when it returns") {
  one_worker here;
  gate held;
  auto one = here.accept([&](std::stop_token stop) {
    held.wait();
    return stop.stop_requested();
  });
  std::thread worker([&] { here.run(std::move(one.queued)); });
  held.await_arrivals(1);
  here.runner.abandon(here.slot);
  here.runner.abandon(here.slot);  // a second time there is nothing to abandon
  CHECK(one.result.outcome() == wp::outcome::cancelled);
  CHECK(here.runner.abandoned() == 1);
  CHECK(here.runner.overrunning() == 1);
  CHECK(here.runner.balanced());
  CHECK_FALSE(here.runner.quiet());
  CHECK(here.slot.is_seized());
  CHECK(here.stats().late_results == 0);
  held.open();
  CHECK(here.runner.await([&] { return here.runner.quiet(); }, std::chrono::steady_clock::now() + 20s));
  worker.join();
  CHECK(here.stats().late_results == 1);
  CHECK(here.stats().overrunning == 0);
  CHECK(here.stats().cancelled == 1);
  CHECK(here.stats().completed == 0);
  CHECK_THROWS_AS(one.result.get(), wp::task_cancelled);
}

TEST_CASE("guests are abandoned as well, each once") {
  one_worker here;
  gate held;
  std::vector<std::thread> guests;
  std::vector<wp::future<void>> results;
  for (int n = 0; n < 3; ++n) {
    auto one = here.accept([&] { held.wait(); });
    REQUIRE(one.queued.take());
    results.push_back(std::move(one.result));
    guests.emplace_back(
        [&here, body = one.queued.release()] { here.runner.run_as_guest(*body, wp::detail::no_worker); });
  }
  held.await_arrivals(3);
  here.runner.abandon_guests();
  CHECK(here.runner.abandoned() == 3);
  for (const auto& one : results) CHECK(one.outcome() == wp::outcome::cancelled);
  held.open();
  for (auto& one : guests) one.join();
  CHECK(here.stats().late_results == 3);
  CHECK(here.runner.quiet());
}

TEST_CASE("abandon and return race for the outcome, and one of them wins") {
  for (int round = 0; round < 300; ++round) {
    one_worker here;
    gate begun;
    auto one = here.accept([&] { begun.open(); });
    std::thread worker([&] { here.run(std::move(one.queued)); });
    begun.wait();
    here.runner.abandon(here.slot);
    worker.join();
    const wp::pool_stats now = here.stats();
    REQUIRE(now.completed + now.cancelled == 1);
    REQUIRE(now.late_results == now.cancelled);
    REQUIRE(now.overrunning == 0);
    REQUIRE(one.result.outcome() == (now.cancelled == 1 ? wp::outcome::cancelled : wp::outcome::value));
  }
}

TEST_CASE("await looks again after every change and gives up at its deadline") {
  one_worker here;
  CHECK_FALSE(here.runner.await([] { return false; }, std::chrono::steady_clock::now() + 1ms));
  auto one = here.accept([] {});
  std::thread changes([&] { here.runner.withdrawn(one.task(), wp::outcome::cancelled); });
  CHECK(here.runner.await([&] { return here.runner.balanced(); }));
  changes.join();
}
