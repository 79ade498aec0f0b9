#include <workpool/worker/zygote_hall.hpp>

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <string>
#include <thread>
#include <workpool/config.hpp>

#include "support/zygote_talk.hpp"

using namespace workpool::detail;
using workpool::start_method;
using workpool_test::next_as;
using workpool_test::obedient_worker;

// Started by exec and asked for where that is impossible: tests/faults/worker_entry.cpp.

namespace {

const zygote_options by_fork{.start = start_method::fork, .main = &obedient_worker};

int exit_code_of_one(zygote_session& session) {
  worker_birth birth;
  birth.setup = "exit 12";
  session.request(birth);
  next_as<worker_born>(session);
  return next_as<worker_ended>(session).exit_code;
}

}  // namespace

TEST_CASE("the sessions of a process share one zygote, which ends with the last, and then there is a new one") {
  std::optional<zygote_session> first(open_session(by_fork)), second(open_session(by_fork));
  const int zygote = first->zygote_pid();
  CHECK(second->zygote_pid() == zygote);
  CHECK(exit_code_of_one(*first) == 12);
  first.reset();
  CHECK(exit_code_of_one(*second) == 12);
  second.reset();
  CHECK_FALSE(workpool_test::runs(zygote));
  auto third = open_session(by_fork);
  CHECK(third.zygote_pid() != zygote);
  CHECK(exit_code_of_one(third) == 12);
}

TEST_CASE("a zygote that died is replaced for the next session, while the old ones are lost") {
  auto old = open_session(by_fork);
  ::kill(old.zygote_pid(), SIGKILL);
  next_as<zygote_lost>(old);
  auto fresh = open_session(by_fork);
  CHECK(fresh.zygote_pid() != old.zygote_pid());
  CHECK(exit_code_of_one(fresh) == 12);
}

TEST_CASE("a fork of the host gets a zygote of its own") {
  auto parents = open_session(by_fork);
  CHECK(workpool_test::code_of_child([&] {
          auto own = open_session(by_fork);
          if (own.zygote_pid() == parents.zygote_pid()) return 1;
          return exit_code_of_one(own);
        }) == 12);
  CHECK(exit_code_of_one(parents) == 12);
}

TEST_CASE("threads are counted, and a process with two is not forked unless asked to") {
  constexpr std::size_t others = WORKPOOL_UNDER_TSAN ? 1 : 0;  // that begins one of its own with the first
  CHECK(count_threads() == 1);
  std::size_t counted = 0;
  std::string refusal;
  std::thread([&] {
    counted = count_threads();
    try {
      open_session({.main = &obedient_worker});
    } catch (const workpool::unsafe_fork& wrong) {
      refusal = wrong.what();
    }
  }).join();
  CHECK(counted == 2 + others);
#ifdef WORKPOOL_TEST_FORK
  CHECK(refusal.empty());  // its main has worker_entry; fault/fork_host_without_entry is the other case
#else
  CHECK_THAT(refusal, Catch::Matchers::ContainsSubstring("a process with 2 threads needs worker_entry"));
#endif
}

TEST_CASE("a fork without anything to run is a bad_config that names main") {
  try {
    open_session({.start = start_method::fork});
    FAIL("main may not be null");
  } catch (const workpool::bad_config& wrong) {
    CHECK(wrong.field() == "main");
  }
}
