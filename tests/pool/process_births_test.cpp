#include <workpool/pool/process_births.hpp>

#include "support/catch.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <variant>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>

#include "support/crew_of_processes.hpp"
#include "support/forked.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace wp::detail;
using workpool_test::crew_of_processes;
using workpool_test::encoded;
using worker = process_births::worker;

namespace {

wp::fork_pool_options quiet() {
  wp::fork_pool_options options;
  options.name = "born";
  options.output = wp::child_output::discard;
  return options;
}

/// The next news of this kind; nothing in 20 s, or where another one comes first.
template <class News>
std::optional<News> next_as(process_births& births) {
  const auto limit = wp::steady::now() + 20s;
  while (wp::steady::now() < limit) {
    if (auto news = births.next()) {
      if (auto* const wanted = std::get_if<News>(&*news)) return std::move(*wanted);
      return std::nullopt;
    }
    workpool_test::readable_within(births.wait_handle(), 1000);
  }
  return std::nullopt;
}

std::optional<wp::frame> first_words(worker& one) {
  wp::frame got;
  if (!one.line->wait(wp::wait_for::reading, wp::steady::now() + 20s)) return std::nullopt;
  if (one.line->receive(got) != wp::transfer::done) return std::nullopt;
  return got;
}

}  // namespace

TEST_CASE("before it begins there is no zygote, nothing to watch and no news") {
  const wp::fork_pool_options options = quiet();
  process_births births(options, std::nullopt);
  CHECK_FALSE(births.has_zygote());
  CHECK(births.wait_handle() == -1);
  CHECK_FALSE(births.next().has_value());
  births.begin();
  const int handle = births.wait_handle();
  CHECK(handle >= 3);
  births.begin();
  CHECK(births.wait_handle() == handle);
}

TEST_CASE("a worker that was asked for is born, greets on the channel it was given, and its end is told") {
  const wp::fork_pool_options options = quiet();
  process_births births(options, std::nullopt);
  worker one(4, 2, kill_ladder(1s, 1s));
  births.ask_for(one);
  CHECK(births.has_zygote());
  const auto born = next_as<worker_born>(births);
  REQUIRE(born);
  CHECK(born->request == one.request);
  CHECK(workpool_test::runs(born->pid));
  const auto hello = first_words(one);
  REQUIRE(hello);
  CHECK(hello->header.kind == wp::frame_kind::hello);
  CHECK(hello->header.generation == 2);

  one.pid = born->pid;
  births.kill(one, SIGKILL);
  const auto ended = next_as<worker_ended>(births);
  REQUIRE(ended);
  CHECK(ended->request == one.request);
  CHECK(ended->signal == SIGKILL);
  births.end_output(one);
}

TEST_CASE("with the zygote goes every worker, and the next one that is asked for has another zygote") {
  const wp::fork_pool_options options = quiet();
  process_births births(options, std::nullopt);
  worker one(0, 1, kill_ladder(1s, 1s));
  births.ask_for(one);
  const auto born = next_as<worker_born>(births);
  REQUIRE(born);
  births.forget_zygote();
  CHECK_FALSE(births.has_zygote());
  CHECK_FALSE(workpool_test::runs(born->pid));
  births.end_output(one);
  worker other(0, 2, kill_ladder(1s, 1s));
  births.ask_for(other);
  CHECK(next_as<worker_born>(births).has_value());
  births.end_output(other);
}

TEST_CASE("a program that is not there is refused by the step that failed") {
  wp::fork_pool_options options = quiet();
  options.program = {"/nonexistent/worker"};
  process_births births(options, std::nullopt);
  worker one(0, 1, kill_ladder(1s, 1s));
  births.ask_for(one);
  const auto refused = next_as<worker_refused>(births);
  REQUIRE(refused);
  CHECK(refused->error == ENOENT);
  CHECK_THAT(refused->what, Catch::Matchers::ContainsSubstring("exec"));
  births.end_output(one);
}

TEST_CASE("workers have the variables that are inherited and those of the options, or the latter alone") {
  ::setenv("WORKPOOL_TEST_INHERITED", "parent", 1);
  wp::fork_pool_options options = quiet();
  options.workers = 1;
  options.env = {{"WORKPOOL_TEST_GIVEN", "pool"}};
  for (const bool clean : {false, true}) {
    options.clean_env = clean;
    crew_of_processes crew(options);
    REQUIRE_FALSE(crew.problem);
    crew.send(workpool_test::variable, std::string("WORKPOOL_TEST_GIVEN"));
    REQUIRE(crew.until_ends(1));
    CHECK(crew.ends[0].answer.payload == encoded(std::string("pool")));
    if (clean) {
      crew.send(workpool_test::variable, std::string("WORKPOOL_TEST_INHERITED"));
      REQUIRE(crew.until_ends(2));
      CHECK(crew.ends[1].answer.payload == encoded(std::string("(none)")));
    }
  }
  ::unsetenv("WORKPOOL_TEST_INHERITED");
}
