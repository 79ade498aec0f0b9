#include <workpool/worker/worker_list.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <thread>

using workpool::detail::worker_list;

TEST_CASE("workers are numbered in the order in which they are added") {
  worker_list list;
  CHECK(list.size() == 0);
  CHECK(list.begin() == list.end());
  for (std::size_t id = 0; id < 5; ++id) CHECK(list.add().id() == id);
  std::size_t next = 0;
  for (const auto& worker : list) CHECK(worker.id() == next++);
  CHECK(next == 5);
  for (std::size_t id = 0; id < 5; ++id) CHECK(list[id].id() == id);
}

TEST_CASE("a list may be walked while it grows") {
  worker_list list;
  std::atomic<bool> done{false};
  std::atomic<bool> ordered{true};
  std::thread walker([&] {
    while (!done) {
      std::size_t next = 0;
      for (const auto& worker : list) {
        if (worker.id() != next++) ordered = false;
      }
    }
  });
  for (int n = 0; n < 500; ++n) list.add();
  done = true;
  walker.join();
  CHECK(ordered);
  CHECK(list.size() == 500);
}
