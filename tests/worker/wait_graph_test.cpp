#include <workpool/worker/wait_graph.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

using workpool::detail::no_worker;
using workpool::detail::run_frame;
using workpool::detail::wait_graph;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

/// Tasks 1, 2, … and what the threads that run them would have on their stacks.
struct tasks {
  explicit tasks(std::size_t count) {
    for (std::size_t n = 0; n < count; ++n) {
      all.push_back(new probe_task(log));
      all.back()->describe_as(n + 1, workpool::priority::normal);
    }
  }
  ~tasks() {
    for (probe_task* one : all) one->drop_reference();
  }
  probe_task& operator[](std::size_t number) { return *all[number - 1]; }
  run_frame running(std::size_t number, const run_frame* beneath = nullptr) {
    return {all[number - 1], no_worker, beneath};
  }
  probe_log log;
  std::vector<probe_task*> all;
};

std::string refusal(wait_graph& graph, const run_frame& from, const workpool::detail::task& to) {
  try {
    const wait_graph::waiting edge(graph, &from, to);
  } catch (const workpool::would_deadlock& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("cycles of one to four tasks are named in the order in which they wait") {
  tasks all(4);
  wait_graph graph;
  const std::array frames{all.running(1), all.running(2), all.running(3), all.running(4)};
  CHECK(refusal(graph, frames[0], all[1]) == "task 1 waits for itself");
  const wait_graph::waiting second(graph, &frames[1], all[1]);
  CHECK(refusal(graph, frames[0], all[2]) == "task 1 waits for task 2, which waits for task 1");
  const wait_graph::waiting third(graph, &frames[2], all[2]);
  CHECK(refusal(graph, frames[0], all[3]) == "task 1 waits for task 3, which waits for task 2, which waits for task 1");
  const wait_graph::waiting fourth(graph, &frames[3], all[3]);
  CHECK(refusal(graph, frames[0], all[4]) ==
        "task 1 waits for task 4, which waits for task 3, which waits for task 2, which waits for task 1");
}

TEST_CASE("a wait that closes no cycle is let in, and is forgotten at its end") {
  tasks all(3);
  wait_graph graph;
  const run_frame first = all.running(1), second = all.running(2), third = all.running(3);
  {
    const wait_graph::waiting one(graph, &second, all[1]);
    const wait_graph::waiting other(graph, &third, all[1]);
    CHECK(refusal(graph, first, all[3]) == "task 1 waits for task 3, which waits for task 1");
  }
  CHECK(refusal(graph, first, all[3]).empty());
}

TEST_CASE("a task beneath another one is held up by what that one waits for") {
  tasks all(4);
  wait_graph graph;
  const run_frame outer = all.running(1);
  const run_frame inner = all.running(2, &outer);
  CHECK(refusal(graph, inner, all[1]) == "task 2 waits for task 1, which waits for task 2");
  const wait_graph::waiting edge(graph, &inner, all[3]);
  const run_frame other = all.running(3);
  CHECK(refusal(graph, other, all[1]) == "task 3 waits for task 1, which waits for task 3");
}

TEST_CASE("a thread that runs no task holds up nobody") {
  tasks all(1);
  wait_graph graph;
  const wait_graph::waiting edge(graph, nullptr, all[1]);
  const run_frame first = all.running(1);
  CHECK(refusal(graph, first, all[1]) == "task 1 waits for itself");
}

TEST_CASE("there is one graph for all pools") {
  CHECK(&workpool::detail::all_waits() == &workpool::detail::all_waits());
}

TEST_CASE("a wait for a task with a timeout ends by itself and so closes no cycle") {
  tasks all(2);
  all[1].details().timeout = std::chrono::seconds(1);
  wait_graph graph;
  const std::array frames{all.running(1), all.running(2)};
  const wait_graph::waiting first(graph, &frames[0], all[2]);
  CHECK(refusal(graph, frames[1], all[1]).empty());
}

TEST_CASE("a wait for a task that is settled while its body still runs is over and closes no cycle") {
  tasks all(2);
  wait_graph graph;
  const std::array frames{all.running(1), all.running(2)};
  const wait_graph::waiting first(graph, &frames[0], all[2]);
  CHECK_FALSE(refusal(graph, frames[1], all[1]).empty());
  REQUIRE(all[2].start());
  all[2].finish(workpool::outcome::timed_out);
  CHECK(refusal(graph, frames[1], all[1]).empty());
}
