#include <workpool/worker/death_in_words.hpp>

#include "support/catch.hpp"

#include <csignal>
#include <set>
#include <string>

using Catch::Matchers::ContainsSubstring;
using workpool::crash_report;
using workpool::detail::death_in_words;
using workpool::detail::loss_in_words;
using cause = crash_report::cause;

TEST_CASE("a death by signal is told with its number and name, one by exit with its code") {
  crash_report report;
  report.why = cause::signal;
  report.signal = SIGSEGV;
  CHECK(death_in_words(report) == "died of signal 11 (SIGSEGV)");
  report.why = cause::exit;
  report.exit_code = 3;
  CHECK(death_in_words(report) == "left with exit code 3");
}

TEST_CASE("every cause of a death has words of its own") {
  std::set<std::string> words;
  for (const cause one : {cause::signal, cause::exit, cause::memory, cause::unresponsive, cause::timeout,
                          cause::protocol, cause::parent_gone, cause::unknown}) {
    crash_report report;
    report.why = one;
    words.insert(death_in_words(report));
  }
  CHECK(words.size() == 8);
  CHECK(words.count("") == 0);
}

TEST_CASE("who was killed for a limit is told by the option that set it") {
  const auto words = [](cause why) {
    crash_report report;
    report.why = why;
    return death_in_words(report);
  };
  CHECK_THAT(words(cause::memory), ContainsSubstring("hard_memory"));
  CHECK_THAT(words(cause::unresponsive), ContainsSubstring("health.timeout"));
  CHECK_THAT(words(cause::timeout), ContainsSubstring("timeout"));
}

TEST_CASE("a loss names the task, the process, how that died and what it said last") {
  crash_report report;
  report.task_id = 17;
  report.task_name = "thumb";
  report.pid = 4711;
  report.why = cause::exit;
  report.exit_code = 2;
  CHECK(loss_in_words(report) == "task 17 'thumb' was lost: its worker, pid 4711, left with exit code 2");
  report.stderr_tail = "out of ink";
  CHECK_THAT(loss_in_words(report), ContainsSubstring("it said: out of ink"));
}
