// A strategy of one's own: every customer has a worker, so that what belongs to a customer needs no lock.
#include <array>
#include <cstddef>
#include <iostream>
#include <optional>
#include <span>
#include <workpool/pool.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/worker/this_worker.hpp>

namespace wp = workpool;

// Any type with this select() is a strategy: it gives an index into the workers that are ready, or none.
struct worker_of_customer {
  static constexpr bool pins_keys = true;  // an idle worker takes nothing of what waits for a busy one

  static std::optional<std::size_t> select(std::span<const wp::worker_view> workers,
                                           const wp::task_view& task) noexcept {
    if (task.key == 0) return std::nullopt;  // of no customer: whoever is free
    return task.key % workers.size();
  }
};
static_assert(wp::pinning_strategy<worker_of_customer>);

struct account {
  long balance = 0;  // no atomic and no lock
  int worker = -1, moved = 0;
};

int main() {
  std::array<account, 4> accounts{};  // by customer; 0 is nobody's
  {
    wp::basic_thread_pool<worker_of_customer> pool{{.name = "bank", .workers = 3}};
    for (int payment = 1; payment <= 1000; ++payment) {
      for (std::size_t customer = 1; customer <= 3; ++customer) {
        pool.post({.key = customer}, [&mine = accounts[customer], payment] {
          const int me = static_cast<int>(wp::this_worker::id());
          if (mine.worker != -1 && mine.worker != me) ++mine.moved;
          mine.worker = me;
          mine.balance += payment;
        });
      }
    }
  }  // the destructor runs all of them
  for (std::size_t customer = 1; customer <= 3; ++customer) {
    const account& mine = accounts[customer];
    std::cout << "customer " << customer << ": " << mine.balance << ", worker " << mine.worker << ", moved "
              << mine.moved << " times\n";
  }
}
