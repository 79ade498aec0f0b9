#pragma once

#include <workpool/monitor/pool_stats.hpp>

#include "support/catch.hpp"

namespace workpool_test {

/// Checks that the books of a pool balance. Main thread only.
inline void check_balance(const workpool::pool_stats& now) {
  CHECK(now.submitted == now.accepted + now.rejected);
  CHECK(now.accepted == now.completed + now.failed + now.cancelled + now.expired + now.timed_out + now.worker_lost +
                            now.discarded + now.pool_broken + now.queued + now.delayed + now.running);
}

}  // namespace workpool_test
