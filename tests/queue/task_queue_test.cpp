#include <workpool/queue/task_queue.hpp>

#include <workpool/queue/fifo_queue.hpp>
#include <workpool/queue/priority_queue.hpp>

#include "support/catch.hpp"
#include "support/task_queue_archetype.hpp"

#include <tuple>

namespace {

// The models of task_queue. A new one is a family here and an entry in the lists below.

struct four_lanes {
  template <class T>
  using queue = workpool::priority_queue<T>;
  static workpool::queue_options options(workpool::queue_options given) { return given; }
  static constexpr bool drops_by_age = false;
};

struct four_exact_lanes : four_lanes {
  static workpool::queue_options options(workpool::queue_options given) {
    given.fifo = true;
    return given;
  }
};

struct lanes_of_a_pool : four_lanes {
  template <class T>
  using queue = workpool::detail::basic_priority_queue<T, workpool::detail::no_arrivals>;
};

struct one_line : four_lanes {
  template <class T>
  using queue = workpool::fifo_queue<T>;
  static constexpr bool drops_by_age = true;
};

struct archetype : four_lanes {
  template <class T>
  using queue = workpool_test::task_queue_archetype<T>;
};

using task_queue_models = std::tuple<four_lanes, four_exact_lanes, lanes_of_a_pool, one_line, archetype>;
using blocking_models = std::tuple<four_lanes, four_exact_lanes, one_line>;
using forgetting_models = std::tuple<four_lanes, four_exact_lanes, lanes_of_a_pool, one_line>;

}  // namespace

#include "conformance/task_queue.hpp"
