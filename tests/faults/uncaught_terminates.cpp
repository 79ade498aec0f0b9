// on_uncaught::terminate: the process ends by SIGABRT, and the terminate handler can name the exception.

#include <csignal>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"

namespace wp = workpool;

namespace {

[[noreturn]] void name_the_exception() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "terminate saw: %s\n", error.what());
  }
  std::abort();
}

void post_something_that_throws(const wp::pool_options& options) {
  wp::thread_pool pool{options};
  pool.post({.name = "doomed"}, [] { throw std::out_of_range("boom"); });
  pool.wait_idle();
}

}  // namespace

int main() {
  const auto by_default = fault::in_child("uncaught_terminates, no handler", [] {
    std::set_terminate(name_the_exception);
    post_something_that_throws({.name = "strict", .workers = 1, .on_uncaught = wp::on_uncaught::terminate});
  });
  fault::expect(by_default.by_signal(SIGABRT), "the process ended by SIGABRT; " + by_default.in_words());
  fault::expect_text(by_default.errors, {"'doomed'", "'strict'", "boom\n", "terminate saw: boom\n"});

  const auto by_handler = fault::in_child("uncaught_terminates, handler", [] {
    std::set_terminate(name_the_exception);
    post_something_that_throws({.workers = 1,
                                .on_uncaught = wp::on_uncaught::terminate,
                                .uncaught_handler = [](std::exception_ptr, wp::task_id id) {
                                  std::fprintf(stderr, "handler got %s\n", id != 0 ? "an id" : "no id");
                                  throw 1;
                                }});
  });
  fault::expect(by_handler.by_signal(SIGABRT), "the process ended by SIGABRT; " + by_handler.in_words());
  fault::expect(by_handler.errors == "handler got an id\nterminate saw: boom\n",
                "the handler is called once, then terminate; " + by_handler.in_words());
  return fault::failures;
}
