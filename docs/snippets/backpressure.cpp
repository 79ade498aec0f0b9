// More work than workers: what a full queue does.
#include <chrono>
#include <cstddef>
#include <iostream>
#include <latch>
#include <string>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
void run() {
  wp::thread_pool pool{{.name = "mails", .workers = 1, .queue = {.capacity = 100, .on_full = wp::on_full::reject}}};
  pool.pause();  // as if the worker were busy

  std::size_t taken = 0, refused = 0;
  for (int mail = 0; mail < 150; ++mail) {
    if (auto accepted = pool.try_submit([] {})) {
      ++taken;
    } else if (accepted.error() == wp::errc::queue_full) {
      ++refused;  // yours still: answer 503, spill to disk, try again
    }
  }
  std::cout << taken << " taken, " << refused << " refused\n";
  pool.resume();
}
//! [program]

void in_order() {
  wp::thread_pool pool{2};
  //! [high_water]
  pool.on_event<wp::event::queue_high_water>([](const wp::event::queue_high_water& mark) {
    if (mark.queued == 64) std::cout << "64 tasks wait\n";  // told when the queue is twice as long as it ever was
  });
  //! [high_water]
  pool.pause();
  for (int n = 0; n < 100; ++n) pool.post([] {});
  pool.resume();
  pool.wait_idle();
}

void own_queue() {
  //! [own]
  wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1}}};  // on_full::block, the default
  pool.submit([&] {
        for (int n = 0; n < 3; ++n) {
          pool.post([n] { std::cout << "part " << n << '\n'; });  // full: this worker runs it itself
        }
      })
      .get();
  //! [own]
}

void wrong() {
  const auto full = [](wp::queue_options queue) {
    wp::thread_pool pool{{.name = "mails", .workers = 1, .queue = queue}};
    pool.pause();
    auto first = pool.submit({.name = "first"}, [] {});
    pool.post([] {});
    first.get();
  };
  say("on_full::reject", [&] { full({.capacity = 1, .on_full = wp::on_full::reject}); });
  say("on_full::block, and block_for has passed", [&] { full({.capacity = 1, .block_for = 10ms}); });
  say("on_full::drop_oldest, for whoever waited longest",
      [&] { full({.capacity = 1, .on_full = wp::on_full::drop_oldest}); });
  say("the future of a try_submit that was refused", [] {
    wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1}}};
    pool.pause();
    pool.post([] {});
    auto refused = pool.try_submit([] {});
    (*refused).get();
  });
}

int main() {
  run();
  in_order();
  own_queue();
  wrong();
}
