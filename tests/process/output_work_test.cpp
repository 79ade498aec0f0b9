#include <workpool/process/output_work.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/detail/posix/pipe.hpp>

using namespace std::chrono_literals;
using workpool::child_output;
using workpool::steady;
using workpool::time_point;
using workpool::worker_id;
using namespace workpool::detail;

namespace {

void say(const unique_fd& to, std::string_view text) {
  REQUIRE(::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

struct played_worker {
  pipe_ends out = pipe_ends::make(), err = pipe_ends::make();
  std::shared_ptr<child_streams> admit(output_work& work, worker_id id) {
    return work.admit(id, {std::move(out.reading), std::move(err.reading), unique_fd()});
  }
};

}  // namespace

TEST_CASE("what was admitted before the thread runs is delivered by it, and by its end at the latest") {
  std::vector<std::string> seen;
  output_work work(child_output::capture, [&](worker_id, int, std::string_view line) { seen.emplace_back(line); });
  REQUIRE(work.problem() == 0);
  played_worker worker;
  const auto streams = worker.admit(work, 3);
  REQUIRE(streams);
  say(worker.out.writing, "one\ntwo");
  work.stop();
  std::thread([&] { work.run(); }).join();
  CHECK(seen == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a flush that is asked for while another one is served is served as well") {
  std::vector<std::string> seen;
  output_work work(child_output::capture, [&](worker_id, int, std::string_view line) { seen.emplace_back(line); });
  played_worker worker;
  const auto streams = worker.admit(work, 3);
  REQUIRE(streams);
  say(worker.out.writing, "one\n");
  bool first = false, second = false, hurried = true;
  {
    std::jthread one([&] { first = work.flush(steady::now() + 60s); });
    std::jthread two([&] { second = work.flush(time_point::max()); });
    hurried = work.flush(time_point{});
    std::jthread runs([&] { work.run(); });
    one.join();
    two.join();
    work.stop();
  }
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(hurried);
  CHECK(seen == std::vector<std::string>{"one"});
}

TEST_CASE("a flush of a thread that has ended, or ends, does not hang") {
  output_work work(child_output::discard, {});
  bool waited = true;
  {
    std::jthread flusher([&] { waited = work.flush(time_point::max()); });
    work.stop();
    work.run();
  }
  static_cast<void>(waited);  // whether it came in time is up to the machine
  CHECK_FALSE(work.flush(time_point::max()));
}

TEST_CASE("who is forsaken by its own handler delivers nothing more") {
  int calls = 0;
  std::unique_ptr<output_work> work;
  work = std::make_unique<output_work>(child_output::capture, [&](worker_id, int, std::string_view) {
    ++calls;
    work->forsake();
  });
  played_worker worker;
  const auto streams = worker.admit(*work, 3);
  REQUIRE(streams);
  say(worker.out.writing, "one\ntwo\nthree");
  std::thread([&] { work->run(); }).join();
  CHECK(calls == 1);
}

TEST_CASE("a worker whose pipes cannot be watched is not admitted, and its pipes are closed") {
  output_work work(child_output::discard, {});
  pipe_ends out = pipe_ends::make();
  REQUIRE(out);
  const int closed = [] { return pipe_ends::make().reading.get(); }();
  const auto streams = work.admit(1, {std::move(out.reading), unique_fd(closed), unique_fd()});
  const int reason = errno;
  CHECK_FALSE(streams);
  CHECK(reason == EBADF);
}
