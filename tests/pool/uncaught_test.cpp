#include <workpool/pool/uncaught.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

using workpool::on_uncaught;
using workpool::pool_options;
using workpool::task_id;
using workpool::detail::report_uncaught;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

const auto boom = std::make_exception_ptr(std::runtime_error("boom"));

bool report(const pool_options& options, const std::exception_ptr& error = boom) {
  probe_log log;
  probe_task one(log);
  one.describe_as(17, workpool::priority::normal);
  one.details().name = "thumb";
  return report_uncaught(options, one, error);
}

/// What `body` writes to standard error.
template <class Body>
std::string errors_of(Body body) {
  std::FILE* const file = std::tmpfile();
  std::fflush(stderr);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  body();
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::rewind(file);
  std::array<char, 1000> text{};
  const std::size_t size = std::fread(text.data(), 1, text.size(), file);
  std::fclose(file);
  return {text.data(), size};
}

[[noreturn]] void leave_with_the_exception_in_flight() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::runtime_error& thrown) {
    ::_exit(std::string(thrown.what()) == "boom" ? 42 : 43);
  } catch (...) {
    ::_exit(44);
  }
}

/// The exit code of a child in which the report is to terminate.
int end_of_child(const pool_options& options) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::set_terminate(leave_with_the_exception_in_flight);
    report(options);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("the handler is told the exception and the task, and nothing is written") {
  std::pair<std::exception_ptr, task_id> told;
  const pool_options options{.name = "calc", .uncaught_handler = [&](std::exception_ptr error, task_id id) {
                               told = {error, id};
                             }};
  CHECK(errors_of([&] { CHECK(report(options)); }).empty());
  CHECK(told.first == boom);
  CHECK(told.second == 17);
}

TEST_CASE("without a handler one line names task, pool and exception") {
  const pool_options options{.name = "calc"};
  CHECK(errors_of([&] { CHECK(report(options)); }) ==
        "workpool: task 17 'thumb' of pool 'calc' threw, and nobody holds its future: boom\n");
  CHECK(errors_of([&] { CHECK(report(options, std::make_exception_ptr(42))); }) ==
        "workpool: task 17 'thumb' of pool 'calc' threw, and nobody holds its future: "
        "something that is not a std::exception\n");
}

TEST_CASE("under ignore nobody is told and nothing is written") {
  bool told = false;
  const pool_options options{.on_uncaught = on_uncaught::ignore,
                             .uncaught_handler = [&](std::exception_ptr, task_id) { told = true; }};
  CHECK(errors_of([&] { CHECK(report(options)); }).empty());
  CHECK_FALSE(told);
}

TEST_CASE("a handler that throws is contained, and told of") {
  CHECK_FALSE(report({.uncaught_handler = [](std::exception_ptr, task_id) { throw 1; }}));
}

TEST_CASE("under terminate the program ends after the report, with the exception in flight") {
  CHECK(end_of_child({.on_uncaught = on_uncaught::terminate, .uncaught_handler = [](std::exception_ptr, task_id) {}}) ==
        42);
  CHECK(end_of_child({.on_uncaught = on_uncaught::terminate,
                      .uncaught_handler = [](std::exception_ptr, task_id) { throw 1; }}) == 42);
  CHECK(end_of_child({.on_uncaught = on_uncaught::terminate,
                      .uncaught_handler = [](std::exception_ptr, task_id) { ::_exit(7); }}) == 7);
}
