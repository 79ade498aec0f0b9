// What can be said of a pool and of a task.
#include <chrono>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
void run() {
  wp::thread_pool pool{{.name = "thumbs",
                        .workers = {1, 4},  // one thread at least, up to four while there is work
                        .queue = {.capacity = 1000, .on_full = wp::on_full::reject}}};

  auto thumb = pool.submit(
      {.name = "thumb", .priority = wp::priority::high, .timeout = 500ms, .expires_after = 2s},
      [](const std::string& file) { return file + ".png"; }, "holiday");
  std::cout << thumb.get() << '\n';
}
//! [program]

void retried() {
  wp::thread_pool pool{2};
  //! [retry]
  auto page = pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 1ms, .factor = 2, .max = 1s}}}, [] {
    if (wp::this_worker::attempt() < 3) throw std::runtime_error("connection refused");
    return wp::this_worker::attempt();
  });
  std::cout << "attempt " << page.get() << " gave a value\n";
  //! [retry]
  std::cout << pool.stats().retried << " further attempts\n";
}

void sizes() {
  wp::thread_pool pool{2};
  //! [resize]
  pool.resize(8);       // now
  pool.resize({2, 8});  // at least 2, up to 8 while there is work; those above 2 leave after idle_timeout
  //! [resize]
}

void wrong() {
  say("workers = {4, 2}", [] { wp::thread_pool pool{{.workers = {4, 2}}}; });
  say("workers = 5000", [] { wp::thread_pool pool{5000}; });
  say("timeout = 0", [] {
    wp::thread_pool pool{1};
    static_cast<void>(pool.submit({.timeout = 0s}, [] {}));
  });
  say("retry.max_attempts = 0", [] {
    wp::thread_pool pool{1};
    pool.post({.retry = {.max_attempts = 0}}, [] {});
  });
  say("retry with an argument that can only be moved", [] {
    wp::thread_pool pool{1};
    pool.post(
        {.retry = {.max_attempts = 2}}, [](const std::unique_ptr<int>&) {}, std::make_unique<int>(1));
  });
  say("nice = -30", [] { wp::thread_pool pool{{.nice = -30}}; });
  say("cpus = {100000}", [] { wp::thread_pool pool{{.cpus = {100000}}}; });
  say("what ran longer than its timeout", [] {
    wp::thread_pool pool{1};
    auto slow = pool.submit({.name = "slow", .timeout = 5ms}, [](std::stop_token stop) {
      while (!stop.stop_requested()) std::this_thread::yield();
    });
    slow.get();
  });
  say("what waited longer than its expires_after", [] {
    wp::thread_pool pool{1};
    pool.pause();
    pool.submit({.name = "stale", .expires_after = 1ms}, [] {}).get();
  });
}

int main() {
  run();
  retried();
  sizes();
  wrong();
}
