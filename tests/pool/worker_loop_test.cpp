#include <workpool/pool/worker_loop.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_owner.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <workpool/core/call_task.hpp>
#include <workpool/core/task_ref.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

/// A pool whose queue is a list, the staff of its crew, and worker 0, whose loop is under test; worker 1 is played.
class bench {
 public:
  bench() {
    state.workers.add().wanted = true;
    state.workers.add();
    runner.include(me().books);
  }

  wp::detail::thread_worker& me() const { return state.workers[0]; }
  wp::detail::thread_worker& other() const { return state.workers[1]; }
  void loop() { wp::detail::worker_loop<bench, bench>(*this, runner, *this, state, me()).work_until_told_to_leave(); }

  void post(std::function<void()> body) {
    auto* const made = new wp::detail::call_task<std::function<void()>>(std::move(body));
    made->describe_as(1, wp::priority::normal);
    made->set_posted();
    made->accept_by(owner);
    runner.intake().accept(wp::priority::normal);
    {
      const std::lock_guard hold(mutex_);
      waiting_.emplace_back(made);
    }
    state.parked.notify_one();
  }
  std::size_t left() const {
    const std::lock_guard hold(mutex_);
    return waiting_.size();
  }

  // of a Pool
  wp::detail::task* pull(wp::detail::thread_worker&) {
    const std::lock_guard hold(mutex_);
    if (waiting_.empty()) return nullptr;
    wp::task_ref next = std::move(waiting_.front());
    waiting_.pop_front();
    return next.take() ? next.release() : nullptr;
  }
  bool work_in_sight() const noexcept { return left() != 0; }
  bool work_published() const noexcept { return work_in_sight(); }
  bool work_for(const wp::detail::thread_worker&) const noexcept { return work_in_sight(); }
  bool work_published_for(const wp::detail::thread_worker&) const noexcept { return work_in_sight(); }
  bool overdue(const wp::detail::thread_worker&) const noexcept { return false; }
  bool more_to_come() const noexcept { return false; }

  // of a Staff
  bool may_grow() const noexcept { return grows; }
  void grow() noexcept { ++demands; }
  wp::time_point park_limit() const noexcept { return limit; }
  void idle(wp::worker_id worker) noexcept {
    ++idles;
    state.workers[worker].wanted = false;
  }

  wp::pool_options options;
  workpool_test::fake_owner owner;
  wp::detail::task_runner runner{options};
  wp::detail::crew_state state;
  bool grows = false;
  wp::time_point limit = wp::time_point::max();
  int demands = 0, idles = 0;

 private:
  mutable std::mutex mutex_;
  std::deque<wp::task_ref> waiting_;
};

}  // namespace

TEST_CASE("at the end of its pool a worker runs what is left, and leaves at rest", "[loop]") {
  bench here;
  int ran = 0;
  for (int n = 0; n < 5; ++n) here.post([&] { ++ran; });
  here.state.phase.finish();
  here.loop();
  CHECK(ran == 5);
  CHECK(here.me().at_rest);
  CHECK(here.runner.balanced());
}

TEST_CASE("a worker that is not wanted any more ends its task and leaves the rest", "[loop]") {
  bench here;
  here.post([&] { here.me().wanted = false; });
  here.post([] {});
  here.loop();
  CHECK(here.left() == 1);
  CHECK(here.me().at_rest);
}

TEST_CASE("a worker without work parks, and wakes for what is posted", "[loop]") {
  bench here;
  std::thread thread([&] { here.loop(); });
  std::atomic<int> ran{0};
  for (int n = 1; n <= 20; ++n) {
    CHECK(eventually([&] { return here.state.parked.anyone(); }));
    here.post([&] { ++ran; });
    CHECK(eventually([&] { return ran == n; }));
  }
  here.state.phase.finish();
  here.state.wake_all();
  thread.join();
}

TEST_CASE("a worker that parks for as long as it may tells that it idles, and leaves where it is not wanted",
          "[loop]") {
  bench here;
  here.limit = wp::steady::now();
  here.loop();
  CHECK(here.idles == 1);
}

TEST_CASE("nothing starts while the pool is paused", "[loop]") {
  bench here;
  std::atomic<int> ran{0};
  here.state.phase.pause(here.state.workers);
  here.post([&] { ++ran; });
  std::thread thread([&] { here.loop(); });
  CHECK(eventually([&] { return here.me().at_rest.load(); }));
  CHECK(ran == 0);
  here.state.phase.resume();
  CHECK(eventually([&] { return ran == 1; }));
  here.state.phase.finish();
  here.state.wake_all();
  thread.join();
}

TEST_CASE("at the end of its pool a worker stays as long as somebody works who may still submit", "[loop]") {
  bench here;
  here.other().at_rest = false;
  here.state.phase.finish();
  std::atomic<bool> left{false};
  std::thread thread([&] {
    here.loop();
    left = true;
  });
  CHECK(eventually([&] { return here.state.parked.anyone(); }));
  CHECK(here.state.guard.manned());
  std::atomic<bool> ran{false};
  here.post([&] { ran = true; });
  CHECK(eventually([&] { return ran.load(); }));
  CHECK_FALSE(left);
  here.other().at_rest = true;
  here.state.wake_all();
  thread.join();
  CHECK_FALSE(here.state.guard.manned());
}

TEST_CASE("a worker asks for another one when more waits than it takes and nobody is parked", "[loop]") {
  bench here;
  here.grows = true;
  here.post([] {});
  here.post([] {});
  here.state.phase.finish();
  here.loop();
  CHECK(here.demands == 1);  // for the second one, when it took the first
}
