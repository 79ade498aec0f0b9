#include <workpool/core/task.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using workpool::cancel_result;
using workpool::outcome;
using workpool::steady;
using workpool::time_point;
using workpool::detail::guest_visit;
using workpool::detail::task_owner;
using workpool::detail::task_phase;
using workpool::detail::working_for;
using workpool_test::as_worker_of;
using workpool_test::fake_owner;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

struct drop_one {
  void operator()(probe_task* one) const noexcept { one->drop_reference(); }
};
using held = std::unique_ptr<probe_task, drop_one>;

/// A task somebody holds one reference of, accepted by `owner` with number 17 where there is one.
held make(probe_log& log, fake_owner* owner = nullptr, std::string_view name = {}) {
  held one(new probe_task(log));
  one->describe_as(17, workpool::priority::high);
  one->details().name = name;
  if (owner != nullptr) one->accept_by(*owner);
  return one;
}

const time_point for_ever = time_point::max();

}  // namespace

TEST_CASE("a task knows its number, lane and name") {
  probe_log log;
  const held named = make(log, nullptr, std::string("thumb"));
  CHECK(named->id() == 17);
  CHECK(named->lane() == workpool::priority::high);
  CHECK(named->name() == "thumb");
  CHECK(named->describe() == "task 17 'thumb'");
  const held nameless = make(log);
  CHECK(nameless->name().empty());
  CHECK(nameless->describe() == "task 17");
}

TEST_CASE("a task goes with its last reference") {
  probe_log log;
  {
    const held first = make(log);
    first->add_reference();
    {
      const held second(first.get());
      CHECK(log.destroyed == 0);
    }
    CHECK(log.destroyed == 0);
  }
  CHECK(log.destroyed == 1);
}

TEST_CASE("references dropped by several threads at once destroy a task once") {
  constexpr int threads = 4, rounds = 500;
  probe_log log;
  for (int round = 0; round < rounds; ++round) {
    held mine = make(log);
    for (int t = 0; t < threads; ++t) mine->add_reference();
    std::latch begin(threads);
    std::vector<std::jthread> dropping;
    for (int t = 0; t < threads; ++t) {
      dropping.emplace_back([&begin, one = held(mine.get())]() mutable {
        begin.arrive_and_wait();
        one.reset();
      });
    }
    mine.reset();
  }
  CHECK(log.destroyed == rounds);
}

TEST_CASE("one caller starts a task, and nobody withdraws it then") {
  probe_log log;
  fake_owner owner;
  const held one = make(log, &owner);
  CHECK(one->waiting());
  CHECK(one->start());
  CHECK_FALSE(one->waiting());
  CHECK_FALSE(one->start());
  CHECK_FALSE(one->withdraw(outcome::discarded));
  CHECK(one->state().phase() == task_phase::running);
  CHECK(log.dropped == 0);
  CHECK(owner.withdrawals.empty());
  one->finish(outcome::value);
  CHECK(one->settled());
  CHECK(one->state().outcome() == outcome::value);
}

TEST_CASE("a withdrawn task is destroyed, counted and settled once, and never starts") {
  for (const outcome result : {outcome::cancelled, outcome::expired, outcome::discarded, outcome::pool_broken}) {
    probe_log log;
    fake_owner owner;
    const held one = make(log, &owner);
    CHECK(one->withdraw(result));
    CHECK(one->settled());
    CHECK(one->state().outcome() == result);
    CHECK_FALSE(one->withdraw(outcome::discarded));
    CHECK_FALSE(one->start());
    CHECK(one->state().outcome() == result);
    CHECK(log.dropped == 1);
    CHECK(log.invoked == 0);
    CHECK(owner.withdrawals == std::vector<fake_owner::withdrawal>{{17, result}});
  }
}

TEST_CASE("while a task is being withdrawn it is not settled, and its pool is held and marked on this thread") {
  probe_log log;
  fake_owner owner;
  bool sound = true;
  const auto inspect = [&](const workpool::detail::task& one) {
    if (one.settled() || one.waiting() || working_for != &owner || owner.held() != 1) sound = false;
  };
  log.on_drop = inspect;
  owner.on_withdrawn = [&](const workpool::detail::task& one) {
    inspect(one);
    if (log.dropped != 1) sound = false;
  };
  const held one = make(log, &owner);
  CHECK(one->withdraw(outcome::cancelled));
  CHECK(sound);
  CHECK(owner.retained == 1);
  CHECK(owner.held() == 0);
  CHECK(working_for == nullptr);
}

TEST_CASE("a task that was never accepted, or not after all, is not withdrawn") {
  probe_log log;
  fake_owner owner;
  const held never = make(log);
  CHECK_FALSE(never->withdraw(outcome::discarded));
  CHECK(never->cancel() == cancel_result::too_late);
  CHECK(never->waiting());

  const held disowned = make(log, &owner);
  disowned->disown();
  CHECK_FALSE(disowned->withdraw(outcome::discarded));
  CHECK(disowned->cancel() == cancel_result::too_late);
  CHECK(disowned->waiting());
  CHECK(log.dropped == 0);
  CHECK(owner.withdrawals.empty());
  CHECK(owner.retained == 0);

  disowned->accept_by(owner);
  CHECK(disowned->withdraw(outcome::discarded));
}

TEST_CASE("of threads that start and withdraw one task exactly one succeeds, and the books know which") {
  constexpr std::size_t threads = 4, rounds = 1000;
  constexpr std::array results{outcome::cancelled, outcome::expired, outcome::discarded};
  fake_owner owner;
  probe_log log;
  int started = 0, withdrawn = 0;
  bool sound = true;
  for (std::size_t round = 0; round < rounds; ++round) {
    const held one = make(log, &owner);
    std::latch begin(threads);
    std::array<bool, threads> won{};
    {
      std::vector<std::jthread> racing;
      for (std::size_t t = 0; t < threads; ++t) {
        racing.emplace_back([&, t] {
          begin.arrive_and_wait();
          won[t] = t == (round % threads) ? one->start() : one->withdraw(results[t % results.size()]);
        });
      }
    }
    int winners = 0;
    for (std::size_t t = 0; t < threads; ++t) {
      if (!won[t]) continue;
      ++winners;
      if (t == round % threads) {
        ++started;
        if (one->state().phase() != task_phase::running) sound = false;
      } else {
        ++withdrawn;
        if (!one->settled() || one->state().outcome() != results[t % results.size()]) sound = false;
      }
    }
    if (winners != 1) sound = false;
  }
  CHECK(sound);
  CHECK(started + withdrawn == static_cast<int>(rounds));
  CHECK(log.dropped == withdrawn);
  CHECK(owner.withdrawals.size() == static_cast<std::size_t>(withdrawn));
  CHECK(owner.held() == 0);
}

TEST_CASE("whoever waits for a withdrawn task sees what its captures did when they were destroyed") {
  constexpr int rounds = 300;
  fake_owner owner;
  int late = 0;
  for (int round = 0; round < rounds; ++round) {
    int destroyed = 0;  // not atomic: the wait is what orders it
    probe_log log;
    log.on_drop = [&](workpool::detail::task&) { destroyed = 1; };
    const held one = make(log, &owner);
    std::jthread cancelling([&] { one->cancel(); });
    one->wait_until(for_ever);
    if (destroyed != 1) ++late;
  }
  CHECK(late == 0);
}

TEST_CASE("cancel answers what it did: dequeued, stop requested, too late") {
  probe_log log;
  fake_owner owner;
  const held waiting = make(log, &owner);
  CHECK(waiting->cancel() == cancel_result::dequeued);
  CHECK(waiting->state().outcome() == outcome::cancelled);
  CHECK(waiting->cancel() == cancel_result::too_late);

  const held running = make(log, &owner);
  running->start();
  CHECK(running->cancel() == cancel_result::stop_requested);
  CHECK(running->cancel() == cancel_result::stop_requested);
  CHECK(running->state().stop_requested());
  CHECK_FALSE(running->settled());
  running->finish(outcome::value);
  CHECK(running->cancel() == cancel_result::too_late);
  CHECK(running->state().outcome() == outcome::value);
}

TEST_CASE("cancel while the task is being withdrawn by somebody else is too late") {
  probe_log log;
  fake_owner owner;
  std::optional<cancel_result> inner;
  log.on_drop = [&](workpool::detail::task& one) { inner = one.cancel(); };
  const held one = make(log, &owner);
  CHECK(one->withdraw(outcome::expired));
  CHECK(inner == cancel_result::too_late);
  CHECK(one->state().outcome() == outcome::expired);
}

TEST_CASE("a stop token tells of a request that came after it and of one that came before") {
  probe_log log;
  fake_owner owner;
  const held early = make(log, &owner);
  early->start();
  const std::stop_token first = early->stop_token();
  CHECK(first.stop_possible());
  CHECK_FALSE(first.stop_requested());
  CHECK(early->stop_token() == first);
  early->cancel();
  CHECK(first.stop_requested());

  const held late = make(log, &owner);
  late->start();
  late->cancel();
  CHECK(late->stop_token().stop_requested());
  early->finish(outcome::value);
  late->finish(outcome::value);
}

TEST_CASE("a stop callback is called once, however often the task is cancelled") {
  probe_log log;
  fake_owner owner;
  const held one = make(log, &owner);
  one->start();
  int calls = 0;
  {
    const std::stop_callback callback(one->stop_token(), [&] { ++calls; });
    one->cancel();
    one->cancel();
  }
  CHECK(calls == 1);
  one->finish(outcome::value);
}

TEST_CASE("a stop token outlives its task") {
  probe_log log;
  fake_owner owner;
  std::stop_token token;
  {
    const held one = make(log, &owner);
    one->start();
    token = one->stop_token();
    one->finish(outcome::value);
  }
  CHECK(log.destroyed == 1);
  CHECK_FALSE(token.stop_requested());
}

TEST_CASE("no stop request falls between the making of the token and the cancel") {
  constexpr int rounds = 1000;
  fake_owner owner;
  probe_log log;
  int missed = 0;
  for (int round = 0; round < rounds; ++round) {
    const held one = make(log, &owner);
    one->start();
    std::latch begin(2);
    std::jthread cancelling([&] {
      begin.arrive_and_wait();
      one->cancel();
    });
    begin.arrive_and_wait();
    const std::stop_token token = one->stop_token();
    cancelling.join();
    if (!token.stop_requested()) ++missed;
    one->finish(outcome::value);
  }
  CHECK(missed == 0);
}

TEST_CASE("a wait for a settled task returns at once, whatever the deadline") {
  probe_log log;
  fake_owner owner;
  const held one = make(log, &owner);
  one->cancel();
  CHECK(one->wait_until(for_ever));
  CHECK(one->wait_until(time_point::min()));
}

TEST_CASE("a wait ends at its deadline and not before, and does no harm") {
  probe_log log;
  fake_owner owner;
  const held one = make(log, &owner);
  CHECK_FALSE(one->wait_until(time_point::min()));
  CHECK_FALSE(one->wait_until(time_point{}));
  CHECK_FALSE(one->wait_until(steady::now() - 1s));
  const time_point deadline = steady::now() + 5ms;
  CHECK_FALSE(one->wait_until(deadline));
  CHECK(steady::now() >= deadline);
  CHECK(one->waiting());
  CHECK(one->start());
  one->finish(outcome::value);
  CHECK(one->wait_until(time_point::min()));
}

TEST_CASE("all who wait learn of the end, with what was written before it") {
  constexpr int waiters = 6, rounds = 100;
  fake_owner owner;
  probe_log log;
  std::atomic<int> wrong{0};
  for (int round = 0; round < rounds; ++round) {
    int written = 0;  // not atomic: the wait is what orders it
    const held one = make(log, &owner);
    std::vector<std::jthread> waiting;
    for (int w = 0; w < waiters; ++w) {
      waiting.emplace_back([&, w] {
        const bool ended = one->wait_until(w % 2 == 0 ? for_ever : steady::now() + 1h);
        if (!ended || written != 1) ++wrong;
      });
    }
    if (round % 2 == 0 && !workpool_test::eventually([&] { return one->state().watched(); })) ++wrong;
    one->start();
    if (round % 3 == 0) one->cancel();
    written = 1;
    one->finish(outcome::value);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a worker that waits for a task of its own pool runs it itself") {
  probe_log log;
  fake_owner owner;
  const held one = make(log, &owner);
  const as_worker_of mark(owner);
  CHECK(one->wait_until(for_ever));
  CHECK(log.invoked == 1);
  CHECK(owner.runs_here == 1);
  CHECK(working_for == &owner);
}

TEST_CASE("a worker that waits does not run a task that has started, nor one of another pool") {
  probe_log log;
  fake_owner owner, other;
  const held started = make(log, &owner);
  const held foreign = make(log, &other);
  const as_worker_of mark(owner);
  started->start();
  CHECK_FALSE(started->wait_until(steady::now() + 1ms));
  CHECK_FALSE(foreign->wait_until(steady::now() + 1ms));
  CHECK(log.invoked == 0);
  CHECK(owner.runs_here + other.runs_here == 0);
  started->finish(outcome::value);
}

TEST_CASE("a thread of no pool does not run what it waits for") {
  probe_log log;
  fake_owner owner;
  const held accepted = make(log, &owner);
  const held never = make(log);
  CHECK_FALSE(accepted->wait_until(steady::now() + 1ms));
  CHECK_FALSE(never->wait_until(steady::now() + 1ms));
  CHECK(log.invoked == 0);
}

TEST_CASE("help runs a waiting task here, and leaves every other alone") {
  probe_log log;
  fake_owner owner;
  const held waiting = make(log, &owner), started = make(log, &owner), cancelled = make(log, &owner);
  started->start();
  cancelled->cancel();
  waiting->help();
  started->help();
  cancelled->help();
  waiting->help();
  CHECK(owner.runs_here == 1);
  CHECK(log.invoked == 1);
  CHECK(waiting->settled());
  started->finish(outcome::value);
}

TEST_CASE("a receiver that asked for it gets the result just before the outcome is published") {
  for (const bool withdrawn : {false, true}) {
    probe_log log;
    fake_owner owner;
    bool early = true;
    log.on_deliver = [&](workpool::detail::task& one) { early = early && !one.settled(); };
    const held one = make(log, &owner);
    one->set_delivers();
    if (withdrawn) {
      one->withdraw(outcome::discarded);
      CHECK(log.last_delivered == outcome::discarded);
      CHECK(log.dropped == 1);
    } else {
      one->start();
      one->finish(outcome::failed);
      CHECK(log.last_delivered == outcome::failed);
    }
    CHECK(early);
    CHECK(log.delivered == 1);
  }
}

TEST_CASE("nothing is delivered to nobody") {
  probe_log log;
  fake_owner owner;
  const held withdrawn = make(log, &owner), finished = make(log, &owner);
  withdrawn->withdraw(outcome::cancelled);
  finished->start();
  finished->finish(outcome::value);
  CHECK(log.delivered == 0);
}

TEST_CASE("an error that nobody looked at is reported once, when nobody can any more") {
  probe_log log;
  fake_owner owner;
  const auto error = std::make_exception_ptr(std::runtime_error("boom"));
  {
    const held future = make(log, &owner);
    future->add_reference();
    const held worker(future.get());
    worker->start();
    worker->fail(error, true);
    worker->finish(outcome::failed);
    CHECK(owner.held() == 1);
    CHECK(owner.unobserved_errors.empty());
  }
  REQUIRE(owner.unobserved_errors.size() == 1);
  CHECK(owner.unobserved_errors[0].id == 17);
  CHECK(owner.unobserved_errors[0].error == error);
  CHECK(owner.held() == 0);
}

TEST_CASE("an error that was looked at is not reported, and the pool is let go all the same") {
  probe_log log;
  fake_owner owner;
  {
    const held one = make(log, &owner);
    one->start();
    one->fail(std::make_exception_ptr(1), true);
    one->finish(outcome::failed);
    CHECK(one->take_error() != nullptr);
    CHECK(one->take_error() == nullptr);
  }
  CHECK(owner.unobserved_errors.empty());
  CHECK(owner.retained == 1);
  CHECK(owner.held() == 0);
}

TEST_CASE("an error that is not to be retained is kept and never reported") {
  probe_log log;
  fake_owner owner;
  const auto error = std::make_exception_ptr(1);
  {
    const held one = make(log, &owner);
    one->set_posted();
    CHECK(one->posted());
    one->start();
    one->fail(error, false);
    one->finish(outcome::cancelled);
    CHECK(one->take_error() == error);
  }
  CHECK(owner.unobserved_errors.empty());
  CHECK(owner.retained == 0);
}

namespace {

/// A coroutine that waits for a task by hand and notes that it was resumed, and where.
struct follower {
  struct promise_type {
    follower get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

follower count_resumptions(int& count, std::thread::id& where) {
  ++count;
  where = std::this_thread::get_id();
  co_return;
}

struct following {
  int resumed = 0;
  std::thread::id where;
  follower coroutine = count_resumptions(resumed, where);

  following() = default;
  following(const following&) = delete;
  following& operator=(const following&) = delete;
  ~following() { coroutine.handle.destroy(); }
  void* address() const { return coroutine.handle.address(); }
};

}  // namespace

TEST_CASE("a follower is resumed once, by who settles the task") {
  for (const bool withdrawn : {false, true}) {
    probe_log log;
    fake_owner owner;
    following coroutine;
    const held one = make(log, &owner);
    CHECK(one->follow(coroutine.address()));
    CHECK(coroutine.resumed == 0);
    std::thread::id settled_by;
    std::thread([&] {
      settled_by = std::this_thread::get_id();
      if (withdrawn) {
        one->cancel();
      } else {
        one->start();
        one->finish(outcome::value);
      }
    }).join();
    CHECK(coroutine.resumed == 1);
    CHECK(coroutine.where == settled_by);
  }
}

TEST_CASE("a settled task takes no follower and resumes none") {
  probe_log log;
  fake_owner owner;
  following coroutine;
  const held one = make(log, &owner);
  one->cancel();
  CHECK_FALSE(one->follow(coroutine.address()));
  CHECK(coroutine.resumed == 0);
}

TEST_CASE("a follower that comes while the task settles is either refused or resumed") {
  constexpr int rounds = 1000;
  fake_owner owner;
  probe_log log;
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    following coroutine;
    const held one = make(log, &owner);
    one->start();
    std::latch begin(2);
    std::jthread finishing([&] {
      begin.arrive_and_wait();
      one->finish(outcome::value);
    });
    begin.arrive_and_wait();
    const bool accepted = one->follow(coroutine.address());
    finishing.join();
    if (coroutine.resumed != (accepted ? 1 : 0)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a guest visit holds the pool and marks the thread, also within another one") {
  fake_owner first, second;
  {
    const guest_visit outer(first);
    CHECK(working_for == &first);
    {
      const guest_visit inner(second);
      CHECK(working_for == &second);
      CHECK(second.held() == 1);
    }
    CHECK(working_for == &first);
    CHECK(first.held() == 1);
    CHECK(second.held() == 0);
  }
  CHECK(working_for == nullptr);
  CHECK(first.held() == 0);
}
