// cancel() answers by what the task was doing. A running task is asked, not killed: it looks at its stop token.
#include <iostream>
#include <latch>
#include <stop_token>
#include <thread>
#include <workpool/pool.hpp>

namespace wp = workpool;

int main() {
  wp::thread_pool pool{{.workers = 1}};

  // A callable that needs a std::stop_token first gets one.
  std::latch begun(1);
  auto running = pool.submit([&](std::stop_token stop) {
    begun.count_down();
    while (!stop.stop_requested()) std::this_thread::yield();  // a step of the work
    return "as far as I got";
  });
  begun.wait();
  auto waiting = pool.submit([] { std::cout << "never printed\n"; });

  std::cout << "waiting: " << to_string(waiting.cancel()) << '\n';  // its place in the queue is free already
  std::cout << "running: " << to_string(running.cancel()) << '\n';
  running.wait();
  std::cout << "over:    " << to_string(running.cancel()) << '\n';

  std::cout << "the running one: " << running.get() << '\n';  // whatever it makes of the request
  try {
    waiting.get();
  } catch (const wp::task_cancelled&) {
    std::cout << "the waiting one: task_cancelled\n";
  }
}
