#include <workpool/pool/crew_link.hpp>

#include "support/catch.hpp"

#include <functional>
#include <thread>
#include <utility>
#include <workpool/core/outcome.hpp>

#include "support/fake_owner.hpp"
#include "support/forked.hpp"
#include "support/gate.hpp"
#include "support/probe_task.hpp"

using workpool::cancel_result;
using workpool::detail::crew_link;
using workpool::detail::task;
using workpool::detail::task_stopper;
using workpool_test::fake_owner;

namespace {

class stopper final : public task_stopper {
 public:
  explicit stopper(std::function<cancel_result(task&)> answer) : answer_(std::move(answer)) {}
  void recall(task& one) noexcept override { recalled = &one; }
  cancel_result stop(task& one) noexcept override { return answer_(one); }
  void end_early(task& one) noexcept override { ended_early = &one; }
  bool collect(task& one, workpool::time_point) noexcept override {
    collected_for = &one;
    return false;
  }
  const task* recalled = nullptr;
  const task* ended_early = nullptr;
  const task* collected_for = nullptr;

 private:
  std::function<cancel_result(task&)> answer_;
};

}  // namespace

TEST_CASE("a link hands a task to its crew and gives what that answers") {
  fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one(log);
  task* stopped = nullptr;
  cancel_result answer = cancel_result::stop_requested;
  stopper crew([&](task& which) {
    stopped = &which;
    return answer;
  });
  crew_link link(pool, crew);
  CHECK(link.stop(one) == cancel_result::stop_requested);
  CHECK(stopped == &one);
  answer = cancel_result::too_late;
  CHECK(link.stop(one) == cancel_result::too_late);
  link.recall(one);
  CHECK(crew.recalled == &one);
  link.end_early(one);
  CHECK(crew.ended_early == &one);
  CHECK_FALSE(link.collect(one, workpool::time_point::max()));
  CHECK(crew.collected_for == &one);
  link.cut();
  crew.collected_for = nullptr;
  CHECK_FALSE(link.collect(one, workpool::time_point::max()));
  CHECK(crew.collected_for == nullptr);
  crew.ended_early = nullptr;
  link.end_early(one);
  CHECK(crew.ended_early == nullptr);
}

TEST_CASE("the pool is held while its crew stops a task, and no longer") {
  fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one(log);
  int held = -1;
  stopper crew([&](task&) {
    held = pool.held();
    return cancel_result::too_late;
  });
  crew_link link(pool, crew);
  link.stop(one);
  CHECK(held == 1);
  CHECK(pool.held() == 0);
  CHECK(pool.retained == 1);
}

TEST_CASE("after the cut nothing of the pool is touched, and it is too late to stop anything") {
  fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one(log);
  int calls = 0;
  stopper crew([&](task&) {
    ++calls;
    return cancel_result::stop_requested;
  });
  crew_link link(pool, crew);
  link.cut();
  CHECK(link.stop(one) == cancel_result::too_late);
  link.cut();
  CHECK(calls == 0);
  CHECK(pool.retained == 0);
}

TEST_CASE("a cut does not wait for a stop that is under way, which ends with the pool still held") {
  fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one(log);
  gate inside;
  stopper crew([&](task&) {
    inside.wait();
    return cancel_result::stop_requested;
  });
  crew_link link(pool, crew);
  cancel_result answer = cancel_result::dequeued;
  std::thread stopping([&] { answer = link.stop(one); });
  inside.await_arrivals(1);
  link.cut();
  CHECK(pool.held() == 1);
  inside.open();
  stopping.join();
  CHECK(answer == cancel_result::stop_requested);
  CHECK(pool.held() == 0);
  CHECK(link.stop(one) == cancel_result::too_late);
}

TEST_CASE("in a fork of the host nobody is asked") {
  fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one(log);
  stopper crew([](task&) { return cancel_result::stop_requested; });
  crew_link link(pool, crew);
  const int code = workpool_test::code_of_child([&] {
    const bool asked = link.stop(one) != cancel_result::too_late || link.collect(one, workpool::time_point::max());
    return asked || crew.collected_for != nullptr ? 1 : 0;
  });
  CHECK(code == 0);
  CHECK(link.stop(one) == cancel_result::stop_requested);
}
