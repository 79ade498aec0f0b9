// The end of a pool.
#include <chrono>
#include <iostream>
#include <latch>
#include <memory>
#include <stop_token>
#include <thread>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
void run() {
  wp::thread_pool pool{{.name = "mails", .workers = 1}};
  for (int mail = 0; mail < 100; ++mail) pool.post([] {});

  const wp::shutdown_report report = pool.shutdown({.drain = 5s});  // takes at most 5 s, and 1 s more
  std::cout << "100 accepted, " << pool.stats().completed << " completed, " << report.discarded << " discarded, "
            << report.abandoned << " abandoned\n";
}
//! [program]

void cut_short() {
  //! [force]
  // What the body uses is its own: it may outlive its pool.
  const auto begun = std::make_shared<std::latch>(1), end = std::make_shared<std::latch>(1);
  wp::thread_pool pool{1};
  auto deaf = pool.submit([begun, end] {
    begun->count_down();
    end->wait();  // looks at no stop token
  });
  begun->wait();
  auto waiting = pool.submit([] {});

  const wp::shutdown_report report = pool.shutdown({.drain = 20ms});  // .force = true is the default
  std::cout << "forced: " << std::boolalpha << report.forced << ", abandoned " << report.abandoned << ", discarded "
            << report.discarded << '\n'
            << "the deaf one: " << to_string(*deaf.outcome()) << ", the waiting one: " << to_string(*waiting.outcome())
            << '\n';
  //! [force]
  end->count_down();
}

void discard() {
  wp::thread_pool pool{1};
  pool.pause();
  for (int n = 0; n < 10; ++n) pool.post([] {});
  //! [discard]
  const auto report = pool.shutdown({.pending = wp::pending::discard});
  std::cout << report.discarded << " were discarded\n";
  //! [discard]
}

void wrong() {
  say("drain = -1 s", [] {
    wp::thread_pool pool{1};
    pool.shutdown({.drain = -1s});
  });
  say("submit after the shutdown has begun", [] {
    wp::thread_pool pool{{.name = "mails", .workers = 1}};
    pool.shutdown();
    static_cast<void>(pool.submit([] {}));
  });
  say("get() of a task that was discarded", [] {
    wp::thread_pool pool{1};
    pool.pause();
    auto one = pool.submit({.name = "letter"}, [] {});
    pool.shutdown({.pending = wp::pending::discard});
    one.get();
  });
  say("wait_idle() from a task of the pool", [] {
    wp::thread_pool pool{{.name = "mails", .workers = 1}};
    pool.submit([&] { pool.wait_idle(); }).get();
  });
}

int main() {
  run();
  cut_short();
  discard();
  wrong();
}
