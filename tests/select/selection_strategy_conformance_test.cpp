#include <workpool/select/selection_strategy.hpp>

#include <tuple>
#include <vector>
#include <workpool/select/first_idle.hpp>
#include <workpool/select/least_busy.hpp>
#include <workpool/select/least_completed.hpp>
#include <workpool/select/random.hpp>
#include <workpool/select/random_of_two.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>

#include "support/archetypes.hpp"

namespace {

template <class Strategy>
struct model {
  static constexpr bool heeds = true;
  static Strategy make() { return Strategy(); }
};

struct weighted_by_table {
  static constexpr bool heeds = true;
  static auto make() { return workpool::select::weighted_round_robin(std::vector{3U, 0U, 1U}); }
};

struct stranger {
  static constexpr bool heeds = false;
  static auto make() { return workpool_test::archetype::selection(0); }
};

using selection_models =
    std::tuple<model<workpool::select::first_idle>, model<workpool::select::round_robin>,
               model<workpool::select::weighted_round_robin>, weighted_by_table, model<workpool::select::least_busy>,
               model<workpool::select::least_completed>, model<workpool::select::random>,
               model<workpool::select::random_of_two>, model<workpool::select::sticky>, stranger>;

}  // namespace

#include "conformance/selection_strategy.hpp"
