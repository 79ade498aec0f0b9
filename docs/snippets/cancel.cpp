// Cancelling what waits, and asking what runs to stop.
#include <chrono>
#include <iostream>
#include <latch>
#include <stop_token>
#include <thread>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
void run() {
  wp::thread_pool pool{1};

  std::latch begun(1);
  auto running = pool.submit([&](std::stop_token stop) {  // needs a stop token first, and so gets one
    begun.count_down();
    int steps = 0;
    while (!stop.stop_requested()) {
      ++steps;
      std::this_thread::yield();
    }
    return steps > 0;
  });
  begun.wait();
  auto waiting = pool.submit([] { std::cout << "never printed\n"; });

  std::cout << "the waiting one: " << to_string(waiting.cancel()) << '\n';
  std::cout << "the running one: " << to_string(running.cancel()) << '\n';
  std::cout << "its value all the same: " << std::boolalpha << running.get() << '\n';
}
//! [program]

int deep_inside() {
  //! [deep]
  const std::stop_token stop = wp::this_worker::stop_token();  // where no parameter can be passed
  if (stop.stop_requested()) throw wp::task_cancelled();       // then the task ends as cancelled, not as failed
  //! [deep]
  return 1;
}

void thrown() {
  wp::thread_pool pool{1};
  std::latch begun(1), asked(1);
  auto one = pool.submit([&] {
    begun.count_down();
    asked.wait();
    return deep_inside();
  });
  begun.wait();
  one.cancel();
  asked.count_down();
  one.wait();
  std::cout << "outcome: " << to_string(*one.outcome()) << '\n';
}

void many() {
  wp::thread_pool pool{1};
  pool.pause();
  for (int n = 0; n < 3; ++n) pool.post({.priority = wp::priority::low}, [] {});
  for (int n = 0; n < 2; ++n) pool.post([] {});
  //! [purge]
  std::cout << pool.purge(wp::priority::low) << " of the lane low are gone\n";
  std::cout << pool.purge() << " others are gone\n";
  //! [purge]
  pool.resume();
}

void wrong() {
  say("get() of a task that was cancelled", [] {
    wp::thread_pool pool{1};
    pool.pause();
    auto one = pool.submit({.name = "thumb"}, [] {});
    one.cancel();
    one.get();
  });
  wp::thread_pool pool{1};
  auto over = pool.submit([] {});
  over.wait();
  std::cout << "cancel() of a task that is over\n  " << to_string(over.cancel()) << '\n';
}

int main() {
  run();
  thrown();
  many();
  wrong();
}
