// What happens when work comes in faster than it is done: a bounded queue, and four answers to a full one.
#include <chrono>
#include <iostream>
#include <latch>
#include <thread>
#include <workpool/pool.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

/// A pool of one busy worker and room for two waiting tasks.
struct busy {
  explicit busy(wp::queue_options queue) : pool{{.workers = 1, .queue = queue}} {
    pool.post([&] {
      begun.count_down();
      release.wait();
    });
    begun.wait();
  }
  ~busy() {
    if (!release.try_wait()) release.count_down();
  }
  std::latch begun{1}, release{1};
  wp::thread_pool pool;
};

int main() {
  {
    busy reject({.capacity = 2, .on_full = wp::on_full::reject});
    int taken = 0;
    while (auto accepted = reject.pool.try_submit([] {})) ++taken;  // never waits, never throws for a full queue
    std::cout << "reject: " << taken << " taken, then "
              << make_error_code(reject.pool.try_submit([] {}).error()).message() << '\n';
  }
  {
    busy block({.capacity = 2, .on_full = wp::on_full::block, .block_for = 10ms});
    for (int n = 0; n < 2; ++n) block.pool.post([] {});
    try {
      block.pool.post([] {});  // waits for room, here at most 10 ms
    } catch (const wp::enqueue_timeout&) {
      std::cout << "block: enqueue_timeout after 10 ms\n";
    }
  }
  {
    busy caller({.capacity = 2, .on_full = wp::on_full::caller_runs});
    const auto here = std::this_thread::get_id();
    for (int n = 0; n < 3; ++n) {
      caller.pool.post([here] {
        if (std::this_thread::get_id() == here) std::cout << "caller_runs: the third task ran in the caller\n";
      });
    }
  }
  {
    busy drop({.capacity = 2, .on_full = wp::on_full::drop_oldest});
    auto oldest = drop.pool.submit([] {});
    for (int n = 0; n < 2; ++n) drop.pool.post([] {});
    std::cout << "drop_oldest: the first one ended as " << to_string(*oldest.outcome()) << '\n';
  }
}
