#include <workpool/pool/thread_pool_core.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/call_task.hpp>
#include <workpool/core/future.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/queue/fifo_queue.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using wp::detail::submit_kind;

namespace {

using lanes = wp::detail::default_queue;
using line = wp::fifo_queue<wp::task_ref>;
#define EVERY_QUEUE lanes, line

/// A core with a handle that gives it up at its end.
template <class Queue>
class handle {
 public:
  explicit handle(const wp::pool_options& options) : core_(new wp::detail::thread_pool_core<Queue>(options)) {}
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  ~handle() { core_->end_of_handle(); }
  wp::detail::thread_pool_core<Queue>* operator->() const noexcept { return core_; }

 private:
  wp::detail::thread_pool_core<Queue>* const core_;
};

template <class F>
std::pair<wp::task_ref, wp::future<wp::detail::result_t<F>>> make(F callable) {
  using result = wp::detail::result_t<F>;
  auto* const made = new wp::detail::call_task<F>(std::move(callable));
  made->describe_as(1, wp::priority::normal);
  made->add_reference();
  return {wp::task_ref(made), wp::future<result>(made)};
}

/// A core of one worker, which waits at a gate until the test opens it.
template <class Queue>
struct busy_core {
  explicit busy_core(wp::queue_options queue) : core({.name = "busy", .workers = 1, .queue = queue}) {
    core->spawn();
    auto [one, result] = make([this] { held.wait(); });
    core->admit_or_throw(one);
    held.await_arrivals(1);
  }
  ~busy_core() { held.open(); }
  gate held;
  handle<Queue> core;
};

}  // namespace

TEMPLATE_TEST_CASE("an accepted task is the core's, a refused one stays the caller's", "[core]", EVERY_QUEUE) {
  busy_core<TestType> busy({.capacity = 1, .on_full = wp::on_full::reject});
  auto [fits, first] = make([] { return 1; });
  CHECK(busy.core->admit(fits, submit_kind::may_block) == wp::errc());
  CHECK_FALSE(fits);
  auto [refused, second] = make([] { return 2; });
  CHECK(busy.core->admit(refused, submit_kind::may_block) == wp::errc::queue_full);
  REQUIRE(refused);
  CHECK(refused.waiting());
  CHECK(busy.core->stats().rejected == 1);
  CHECK(first.cancel() == wp::cancel_result::dequeued);
  CHECK(busy.core->admit(refused, submit_kind::may_block) == wp::errc());  // once more, now that there is room
  busy.held.open();
  CHECK(second.get() == 2);
}

TEMPLATE_TEST_CASE("a refusal names the pool, the option, its value and a remedy", "[core]", EVERY_QUEUE) {
  const auto text_of = [](auto& core) {
    auto [one, result] = make([] {});
    try {
      core->admit_or_throw(one);
    } catch (const wp::error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  using Catch::Matchers::ContainsSubstring;
  busy_core<TestType> rejects({.capacity = 1, .on_full = wp::on_full::reject});
  CHECK(text_of(rejects.core) == "accepted");
  CHECK_THAT(text_of(rejects.core), ContainsSubstring("'busy'") && ContainsSubstring("queue.capacity 1") &&
                                        ContainsSubstring("queue.on_full") && ContainsSubstring("raise the capacity"));
  busy_core<TestType> waits({.capacity = 1, .block_for = 1ms});
  CHECK(text_of(waits.core) == "accepted");
  CHECK_THAT(text_of(waits.core), ContainsSubstring("queue.block_for 1 ms") && ContainsSubstring("queue.capacity 1") &&
                                      ContainsSubstring("raise either"));
  handle<TestType> ended({.name = "ended", .workers = 1});
  ended->spawn();
  ended->shutdown({});
  CHECK_THAT(text_of(ended), ContainsSubstring("'ended'") && ContainsSubstring("shutdown has begun"));
}

TEMPLATE_TEST_CASE("a pool without a name is called pool, and one without a size is as large as the machine", "[core]",
                   EVERY_QUEUE) {
  const handle<TestType> core({});
  CHECK(core->stats().pool == "pool");
  core->spawn();
  CHECK(core->workers().size() == wp::default_concurrency());
}

TEMPLATE_TEST_CASE("tasks that are admitted before the workers exist wait for them", "[core]", EVERY_QUEUE) {
  const handle<TestType> core({.workers = 1});
  auto [one, result] = make([] { return 4; });
  core->admit_or_throw(one);
  CHECK_FALSE(result.ready());
  CHECK(core->work_in_sight());
  core->spawn();
  CHECK(result.get() == 4);
  CHECK(eventually([&] { return !core->work_in_sight(); }));
}

TEMPLATE_TEST_CASE("pull gives a task that is taken, and none when there is none", "[core]", EVERY_QUEUE) {
  handle<TestType> core({.workers = 1});
  wp::detail::thread_worker me(0);
  CHECK_FALSE(core->pull(me));
  auto [one, result] = make([] { return 4; });
  core->admit_or_throw(one);
  wp::detail::task* const pulled = core->pull(me);
  REQUIRE(pulled);
  CHECK_FALSE(pulled->waiting());
  CHECK(result.cancel() == wp::cancel_result::stop_requested);
  core->run_here(*pulled);  // takes a reference of its own
  pulled->drop_reference();
  CHECK(result.get() == 4);
  core->spawn();
}

TEMPLATE_TEST_CASE("a guest keeps the core alive when its handle ends", "[core]", EVERY_QUEUE) {
  auto core = std::make_unique<handle<TestType>>(wp::pool_options{.workers = 1});
  (*core)->spawn();
  (*core)->pause();
  gate held;
  auto [one, result] = make([&held] {
    held.wait();
    return 4;
  });
  (*core)->admit_or_throw(one);
  int got = 0;
  std::thread guest([&, mine = &result] { got = mine->get(wp::help); });
  held.await_arrivals(1);
  (*core)->shutdown({.drain = 0ns, .force = false});
  std::thread ender([&] { core.reset(); });  // drains: the guest's body has to return first
  held.open();
  ender.join();
  guest.join();
  CHECK(got == 4);
}

TEMPLATE_TEST_CASE("purge withdraws what waits with the outcome it is given", "[core]", EVERY_QUEUE) {
  busy_core<TestType> busy({});
  std::vector<wp::future<void>> waiting;
  for (int n = 0; n < 10; ++n) {
    auto [one, result] = make([] {});
    busy.core->admit_or_throw(one);
    waiting.push_back(std::move(result));
  }
  CHECK(busy.core->purge_all(wp::outcome::discarded) == 10);
  CHECK(busy.core->purge_all(wp::outcome::discarded) == 0);
  for (const auto& one : waiting) CHECK(one.outcome() == wp::outcome::discarded);
  CHECK(busy.core->stats().discarded == 10);
}
