#include <workpool/pool/fork_pool_options.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <workpool/core/error.hpp>

#include "support/environment_variable.hpp"
#include "support/refusals.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

using options_type = wp::fork_pool_options;

/// Checks that options changed like this are refused by the name of the field, with its value and a remedy.
template <class Change>
void refuses(Change change, const std::string& field, const std::string& value, const std::string& remedy) {
  options_type options;
  change(options);
  workpool_test::check_refused([&] { checked(options); }, field, value);
  workpool_test::check_refused([&] { checked(options); }, field, remedy);
  CHECK_THROWS_AS(wp::detail::completed(options), wp::bad_config);
}

}  // namespace

TEST_CASE("the options a fork pool has when nothing is said can be used") { CHECK_NOTHROW(checked(options_type{})); }

TEST_CASE("a fork pool refuses values outside of its enumerations by field, value and remedy") {
  refuses([](options_type& o) { o.start = static_cast<wp::start_method>(9); }, "start", "9", "exec");
  refuses([](options_type& o) { o.channel = static_cast<wp::channel_kind>(5); }, "channel", "5", "rings");
  refuses([](options_type& o) { o.output = static_cast<wp::child_output>(8); }, "output", "8", "capture");
  refuses([](options_type& o) { o.on_uncaught = static_cast<wp::on_uncaught>(7); }, "on_uncaught", "7", "terminate");
  refuses([](options_type& o) { o.queue.on_full = wp::on_full::caller_runs; }, "queue.on_full", "caller_runs",
          "block or reject");
  refuses([](options_type& o) { o.restart.when = static_cast<wp::restart_when>(6); }, "restart.when", "6", "permanent");
}

TEST_CASE("a fork pool refuses sizes and times that cannot be, by field, value and remedy") {
  refuses([](options_type& o) { o.workers = {3, 2}; }, "workers.min", "3", "not be above max");
  refuses([](options_type& o) { o.workers = 4097; }, "workers", "4097", "at most 4096");
  refuses([](options_type& o) { o.nice = 20; }, "nice", "20", "-20 to 19");
  refuses([](options_type& o) { o.idle_timeout = -1ns; }, "idle_timeout", "-1 ns", "0 or more");
  refuses([](options_type& o) { o.max_message = 0; }, "max_message", "0", "1 or more");
  refuses([](options_type& o) { o.max_unavailable = 0; }, "max_unavailable", "0", "1 or more");
  refuses([](options_type& o) { o.abort_grace = -2ns; }, "abort_grace", "-2 ns", "0 or more");
  refuses([](options_type& o) { o.kill_timeout = -3ns; }, "kill_timeout", "-3 ns", "0 or more");
  refuses([](options_type& o) { o.handshake_timeout = 0ns; }, "handshake_timeout", "0 ns", "more than 0");
  refuses([](options_type& o) { o.restart.window = 0ns; }, "restart.window", "0 ns", "more than 0");
  refuses([](options_type& o) { o.health.every = -1ns; }, "health.every", "-1 ns", "0 (off) or more");
  refuses([](options_type& o) { o.health.timeout = 0ns; }, "health.timeout", "0 ns", "more than 0");
  refuses([](options_type& o) { o.health.strikes = 0; }, "health.strikes", "0", "health.every = 0");
  refuses([](options_type& o) { o.quarantine.window = 0ns; }, "quarantine.window", "0 ns", "more than 0");
  refuses([](options_type& o) { o.breaker.emplace().half_open_probes = 0; }, "half_open_probes", "0", "close");
}

TEST_CASE("a fork pool refuses options that contradict each other, by field, value and remedy") {
  refuses([](options_type& o) { o.output = wp::child_output::capture; }, "on_output", "empty", "take the lines");
  refuses(
      [](options_type& o) {
        o.soft_memory = 200;
        o.hard_memory = 100;
      },
      "soft_memory", "200", "hard_memory (100)");
  refuses([](options_type& o) { o.program = {""}; }, "program", "first word is empty", "file to run");
  for (const auto start : {wp::start_method::fork, wp::start_method::zygote}) {
    refuses(
        [start](options_type& o) {
          o.program = {"/bin/worker"};
          o.start = start;
        },
        "program", "'/bin/worker'", "start_method::exec");
  }
}

TEST_CASE("a fork pool refuses variables that no environment can hold") {
  refuses([](options_type& o) { o.env = {{"", "1"}}; }, "env", "''", "not empty");
  refuses([](options_type& o) { o.env = {{"A=B", "1"}}; }, "env", "'A=B'", "no '='");
  refuses([](options_type& o) { o.env[std::string("A\0B", 3)] = "1"; }, "env", "'A", "NUL");
  refuses([](options_type& o) { o.env["A"] = std::string("1\0", 2); }, "env", "'A'", "NUL");
  options_type options;
  options.env = {{"A", ""}, {"B", "x=y"}};
  CHECK_NOTHROW(checked(options));
}

TEST_CASE("the ends of what a fork pool allows are allowed") {
  options_type options;
  options.soft_memory = options.hard_memory = 100;
  options.abort_grace = options.kill_timeout = 0ns;
  options.max_message = 1;
  options.program = {"/bin/worker"};
  options.start = wp::start_method::exec;
  options.output = wp::child_output::capture;
  options.on_output = [](wp::worker_id, int, std::string_view) {};
  CHECK_NOTHROW(checked(options));
  options.hard_memory = 0;
  CHECK_NOTHROW(checked(options));
}

TEST_CASE("a fork pool's options without a name or a size get both, and what was said stays") {
  const options_type none = wp::detail::completed(options_type{});
  CHECK(none.name == "pool");
  CHECK(none.workers.min == wp::default_concurrency());
  options_type said;
  said.name = "thumbs";
  said.workers = {2, 5};
  said.max_tasks = 9;
  const options_type kept = wp::detail::completed(said);
  CHECK(kept.name == "thumbs");
  CHECK(kept.workers.max == 5);
  CHECK(kept.max_tasks == 9);
}

TEST_CASE("a channel that was left open is what the environment names, else rings, and one that was said stays") {
  const auto completed = [](wp::channel_kind said) {
    options_type options;
    options.channel = said;
    return wp::detail::completed(options).channel;
  };
  {
    const workpool_test::environment_variable none("WORKPOOL_CHANNEL", "");
    CHECK(completed(wp::channel_kind::automatic) == wp::channel_kind::rings);
    CHECK(completed(wp::channel_kind::socket) == wp::channel_kind::socket);
  }
  {
    const workpool_test::environment_variable socket("WORKPOOL_CHANNEL", "socket");
    CHECK(completed(wp::channel_kind::automatic) == wp::channel_kind::socket);
    CHECK(completed(wp::channel_kind::rings) == wp::channel_kind::rings);
  }
  const workpool_test::environment_variable rings("WORKPOOL_CHANNEL", "rings");
  CHECK(completed(wp::channel_kind::automatic) == wp::channel_kind::rings);
}

TEST_CASE("a channel that the environment names and that there is not is refused by variable, value and remedy") {
  const workpool_test::environment_variable wrong("WORKPOOL_CHANNEL", "pipe");
  for (const std::string part : {"'pipe' in the environment", "rings or socket"}) {
    workpool_test::check_refused([] { wp::detail::completed(options_type{}); }, "WORKPOOL_CHANNEL", part);
  }
}

TEST_CASE("what a fork pool has in common with a pool of threads is passed on") {
  options_type options;
  options.name = "thumbs";
  options.workers = {2, 5};
  options.idle_timeout = 3s;
  options.queue.capacity = 17;
  options.on_uncaught = wp::on_uncaught::ignore;
  options.uncaught_handler = [](std::exception_ptr, wp::task_id) {};
  options.nice = 4;
  const wp::pool_options common = wp::detail::common_options(options);
  CHECK(common.name == "thumbs");
  CHECK(common.workers.max == 5);
  CHECK(common.idle_timeout == 3s);
  CHECK(common.queue.capacity == 17);
  CHECK(common.on_uncaught == wp::on_uncaught::ignore);
  CHECK(common.uncaught_handler != nullptr);
  CHECK(common.nice == 4);
}
