// Which worker gets which task.
#include <cstddef>
#include <iostream>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/pool.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>

#include "say.hpp"

namespace wp = workpool;

//! [program]
void run() {
  wp::basic_thread_pool<wp::select::sticky> pool{{.name = "visits", .workers = 4}};

  std::vector<wp::future<wp::worker_id>> visits;
  for (int visit = 0; visit < 100; ++visit) {
    visits.push_back(pool.submit({.key = 4711}, [] { return wp::this_worker::id(); }));  // one key, one worker
  }
  std::set<wp::worker_id> seen;
  for (auto& visit : visits) seen.insert(visit.get());
  std::cout << "100 visits, " << seen.size() << " worker\n";
}
//! [program]

void weights() {
  //! [weights]
  wp::basic_thread_pool<wp::select::weighted_round_robin> pool{{.workers = 2},
                                                               wp::select::weighted_round_robin({3, 1})};
  pool.with_selection([](auto& selection) { selection.set_weights({0, 1}); });  // worker 0 takes nothing from now on
  //! [weights]
  std::set<wp::worker_id> seen;
  for (int n = 0; n < 50; ++n) seen.insert(pool.submit([] { return wp::this_worker::id(); }).get());
  std::cout << seen.size() << " worker, with the id " << *seen.begin() << '\n';
}

//! [own]
// Even task numbers on even workers. Any type with this select() is a strategy.
struct by_parity {
  std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view& task) noexcept {
    for (std::size_t n = 0; n < workers.size(); ++n) {
      if (workers[n].id % 2 == task.key % 2) return n;
    }
    return std::nullopt;  // whoever is free first
  }
};
static_assert(wp::selection_strategy<by_parity>);
//! [own]

//! [broken]
struct broken {
  std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view&) {
    return workers.size();  // there is no such worker
  }
};
//! [broken]

void wrong() {
  wp::basic_thread_pool<broken> pool{{.workers = 2}};
  pool.on_event<wp::event::strategy_fault>(
      [](const wp::event::strategy_fault& fault) { std::cout << "  event: " << fault.what << std::endl; });
  std::cout << "a strategy that answers out of range\n";
  pool.submit([] {}).get();
  std::cout << "  the task ran all the same, strategy_faults is " << pool.stats().strategy_faults << '\n';

  say("weights that are all 0", [] { wp::select::weighted_round_robin({0, 0}); });
  say("no weights", [] { wp::select::weighted_round_robin(std::vector<unsigned>()); });
}

int main() {
  run();
  weights();
  wp::basic_thread_pool<by_parity> own{2};
  own.submit({.key = 1}, [] {}).get();
  wrong();
}
