#include <workpool/worker/stop_listener.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <latch>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>
#include <workpool/core/worker_info.hpp>
#include <workpool/ipc/loopback_channel.hpp>

#include "support/eventually.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using wp::frame_kind;
using wp::detail::stop_listener;
using wp::detail::worker_line;

namespace {

/// A listener and its line stay for ever: in a worker their thread ends with the process.
struct listening {
  explicit listening(wp::loopback_channel worker_end)
      : line(*new worker_line<wp::loopback_channel>(std::move(worker_end))),
        listener(*new stop_listener<wp::loopback_channel>(line)) {
    kept.push_back(this);
  }
  worker_line<wp::loopback_channel>& line;
  stop_listener<wp::loopback_channel>& listener;
  inline static std::vector<listening*>& kept = *new std::vector<listening*>;
};

struct host {
  host() : host(*wp::loopback_channel::make_pair()) {}
  explicit host(std::pair<wp::loopback_channel, wp::loopback_channel> ends)
      : line(std::move(ends.first)), worker(*new listening(std::move(ends.second))) {}

  void say(frame_kind kind, wp::task_id task) {
    REQUIRE(line.send({.task = task, .kind = kind}, {}) == wp::transfer::done);
  }

  wp::loopback_channel line;
  listening& worker;
};

/// A task that runs in a worker, and tells when it is asked to stop.
struct running_task {
  explicit running_task(wp::task_id id) : one(log) {
    one.describe_as(id, wp::priority::normal);
    one.begin_for_another(0);
    noted.emplace(one.stop_token(), note{told});
  }
  struct note {
    std::latch& told;
    void operator()() const { told.count_down(); }
  };

  workpool_test::probe_log log;
  workpool_test::probe_task one;
  std::latch told{1};
  std::optional<std::stop_callback<note>> noted;
};

}  // namespace

TEST_CASE("the task that is listened for is told to stop, one after the other") {
  host pool;
  for (const wp::task_id id : {5U, 6U}) {
    running_task task(id);
    pool.worker.listener.listen_for(task.one, task.one.id());
    pool.say(frame_kind::stop, id);
    task.told.wait();
    CHECK(task.one.state().stop_requested());
    pool.worker.listener.stop_listening();
  }
}

TEST_CASE("a request for another task is taken and tells nobody") {
  host pool;
  running_task task(5);
  pool.worker.listener.listen_for(task.one, task.one.id());
  pool.say(frame_kind::stop, 4);
  pool.say(frame_kind::stop, 5);
  task.told.wait();
  pool.worker.listener.stop_listening();
  pool.say(frame_kind::ping, 7);
  wp::frame got;
  REQUIRE(pool.worker.line.receive(got));
  CHECK(got.header.kind == frame_kind::ping);
}

TEST_CASE("what is no stop request is left for who receives") {
  host pool;
  running_task task(5);
  pool.worker.listener.listen_for(task.one, task.one.id());
  pool.say(frame_kind::task, 6);
  pool.say(frame_kind::quit, 0);
  pool.say(frame_kind::stop, 5);
  task.told.wait();
  pool.worker.listener.stop_listening();
  wp::frame got;
  REQUIRE(pool.worker.line.receive(got));
  CHECK((got.header.kind == frame_kind::task && got.header.task == 6));
  REQUIRE(pool.worker.line.receive(got));
  CHECK(got.header.kind == frame_kind::quit);
}

TEST_CASE("a task that is not listened for any more is told nothing") {
  host pool;
  running_task first(5), second(6);
  pool.worker.listener.listen_for(first.one, first.one.id());
  pool.worker.listener.stop_listening();
  pool.worker.listener.listen_for(second.one, second.one.id());
  pool.say(frame_kind::stop, 5);
  pool.say(frame_kind::stop, 6);
  second.told.wait();
  CHECK_FALSE(first.one.state().stop_requested());
  pool.worker.listener.stop_listening();
}

TEST_CASE("a request that was read together with what came before it is heard") {
  host pool;
  pool.say(frame_kind::task, 5);
  pool.say(frame_kind::stop, 5);
  wp::frame got;
  REQUIRE(pool.worker.line.receive(got));
  running_task task(5);
  pool.worker.listener.listen_for(task.one, task.one.id());
  CHECK(workpool_test::eventually([&] { return task.one.state().stop_requested(); }, std::chrono::seconds(5)));
  pool.worker.listener.stop_listening();
}
