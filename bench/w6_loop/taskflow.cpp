#include <taskflow/algorithm/for_each.hpp>

#include "peers/taskflow.hpp"

#include "config.hpp"

namespace {

// The thread that asks waits; two workers compute. One range for each worker: the least overhead where bodies are
// alike.
struct contender : bench::peers::taskflow_pool {
  using taskflow_pool::taskflow_pool;
  template <class F>
  void loop(std::size_t count, F body) {
    tf::Taskflow flow;
    flow.for_each_by_index(
        tf::IndexRange<std::size_t>(0, count, 1),
        [body](const tf::IndexRange<std::size_t>& part) {
          for (std::size_t i = part.begin(); i < part.end(); ++i) body(i);
        },
        tf::StaticPartitioner());
    pool_.run(flow).wait();
  }
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
