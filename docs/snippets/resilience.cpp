// Keeping calls away from what fails, making them again, and making them slowly.
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <workpool/circuit_breaker.hpp>
#include <workpool/core/manual_clock.hpp>
#include <workpool/pool.hpp>
#include <workpool/resilience/rate_limiter.hpp>
#include <workpool/resilience/retry.hpp>
#include <workpool/resilience/retry_budget.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

std::string ask_backend() { throw std::runtime_error("connection refused"); }

//! [program]
void run() {
  wp::circuit_breaker backend({.failure_threshold = 3, .open_for = 30s});  // outlives the tasks that name it
  wp::thread_pool pool{2};

  int failed = 0, kept_away = 0;
  for (int question = 0; question < 10; ++question) {
    try {
      pool.submit({.breaker = &backend}, ask_backend).get();
    } catch (const wp::circuit_open&) {  // thrown by submit: nothing has run
      ++kept_away;
    } catch (const std::runtime_error&) {
      ++failed;
    }
  }
  std::cout << failed << " failed, " << kept_away << " kept away, the breaker is " << to_string(backend.current())
            << '\n';
}
//! [program]

void alone() {
  //! [alone]
  wp::circuit_breaker backend;  // five failures in a row open it for a minute
  if (auto leave = backend.try_acquire()) {
    try {
      ask_backend();
      leave->success();
    } catch (const std::exception&) {
      leave->failure();  // a permit that says neither is handed back, and counts nowhere
    }
  }
  //! [alone]
  std::cout << backend.stats().failures << " failure\n";
}

void budget() {
  wp::thread_pool pool{2};
  //! [budget]
  wp::retry_budget budget({.ratio = 0.2, .per_second = 0, .burst = 4});  // shared: one retry for five calls
  int attempts = 0;
  for (int call = 0; call < 10; ++call) {
    auto answer = pool.submit({.retry = {.max_attempts = 5, .backoff = {.initial = 0s}, .budget = &budget}},
                              [&attempts] { ++attempts, ask_backend(); });
    answer.wait();
  }
  //! [budget]
  std::cout << "10 calls that all fail, " << attempts << " attempts and not 50\n";
}

void choose() {
  wp::thread_pool pool{1};
  //! [when]
  const auto worth_it = [](std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::invalid_argument&) {
      return false;  // will not get better
    } catch (...) {
      return true;
    }
  };
  auto one = pool.submit({.retry = {.max_attempts = 5, .when = worth_it}},
                         []() -> int { throw std::invalid_argument("no such page"); });
  //! [when]
  one.wait();
  std::cout << pool.stats().retried << " retries of what is not worth it\n";
}

void limit() {
  wp::manual_clock clock;
  //! [limit]
  wp::rate_limiter mails({.per_second = 10, .burst = 3}, clock);  // without a clock: the steady one
  int sent = 0;
  for (int tenth = 0; tenth < 20; ++tenth) {  // two seconds
    while (mails.try_acquire()) ++sent;       // never waits
    clock.advance(100ms);
  }
  //! [limit]
  std::cout << sent << " mails in two seconds\n";
}

void wrong() {
  say("an open breaker, asked by execute()", [] {
    wp::circuit_breaker backend({.failure_threshold = 1, .open_for = 30min});
    backend.force_open();
    backend.execute(ask_backend);
  });
  say("an open breaker in the options of a task", [] {
    wp::circuit_breaker backend;
    backend.force_open();
    wp::thread_pool pool{{.name = "web", .workers = 1}};
    pool.post({.breaker = &backend}, ask_backend);
  });
  say("a breaker that nothing can open", [] { wp::circuit_breaker backend({.failure_threshold = 0}); });
  say("a rate limiter without a rate", [] { wp::rate_limiter mails({.burst = 3}); });
  say("a backoff whose max is below initial", [] { wp::backoff pauses({.initial = 1s, .max = 10ms}); });
}

int main() {
  run();
  alone();
  budget();
  choose();
  limit();
  wrong();
}
