// What a pool tells about itself.
#include <chrono>
#include <iostream>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <workpool/pool.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
void run() {
  wp::thread_pool pool{{.name = "pages", .workers = 2}};
  pool.on_event<wp::event::unobserved_error>(
      [](const wp::event::unobserved_error&) { std::cout << "an error that nobody has seen\n"; });

  for (int page = 0; page < 10; ++page) {
    static_cast<void>(pool.submit([page] {
      if (page == 7) throw std::out_of_range("page 7 is torn");
    }));  // the futures are dropped: that neither waits nor cancels
  }
  pool.wait_idle();

  const wp::pool_stats books = pool.stats();
  std::cout << books.submitted << " submitted = " << books.accepted << " accepted + " << books.rejected << " rejected\n"
            << books.accepted << " accepted = " << books.completed << " completed + " << books.failed << " failed\n";
  for (const auto& [type, count] : books.errors) std::cout << "  " << count << " × " << type << '\n';
  std::cout << "success rate " << books.success_rate() << '\n';
}
//! [program]

void why() {
  wp::thread_pool pool{{.name = "pages", .workers = 1}};
  std::latch begun(1), go_on(1);
  pool.post([&] {
    begun.count_down();
    go_on.wait();
  });
  begun.wait();
  for (int n = 0; n < 4; ++n) pool.post({.priority = wp::priority::high}, [] {});
  auto index = pool.submit({.name = "index"}, [] {});
  //! [explain]
  std::cout << pool.explain(index) << '\n';
  //! [explain]
  go_on.count_down();
  index.wait();
  std::cout << pool.explain(index) << '\n';
}

void times() {
  wp::thread_pool pool{1};
  for (int n = 0; n < 1000; ++n) pool.post([] {});
  pool.wait_idle();
  //! [times]
  const wp::pool_stats books = pool.stats();
  const auto us = [](wp::duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); };
  const wp::histogram_snapshot& normal = books.wait[wp::lane_index(wp::priority::normal)];  // from accepted to started
  std::clog << "waited: median " << us(normal.p50) << " us, one in a hundred " << us(normal.p99) << " us or more\n"
            << "ran:    median " << us(books.run.p50) << " us\n";
  //! [times]
  //! [workers]
  for (const wp::worker_info& one : pool.workers()) {
    std::cout << "worker " << one.id << " has completed " << one.completed << '\n';
  }
  //! [workers]
}

void events() {
  wp::thread_pool pool{1};
  //! [events]
  int started = 0;
  auto attached = pool.on_event<wp::event::task_started>([&](const wp::event::task_started&) { ++started; });
  pool.submit([] {}).get();
  attached.cancel();  // waits for a call in progress; dropping the subscription keeps the handler
  pool.submit([] {}).get();
  std::cout << started << " start was heard of\n";
  //! [events]
}

int main() {
  run();
  why();
  times();
  events();
}
