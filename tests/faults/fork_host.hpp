#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/pool/fork_pool.hpp>

#include "fault.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/forking_main.hpp"
#include "support/processes_marked.hpp"

/// What the programs about hosts of fork pools share.
namespace fault {

inline int own_number() { return ::getpid(); }
inline int twice(int value) { return 2 * value; }
inline void leave_with(int code) { ::_exit(code); }
inline void abort_here() { std::abort(); }

/// A pool that has to work as any other: results, an error, a crash with its exact end, and a worker in the place of
/// the lost one.
template <class Pool>
void expect_service(Pool& pool) {
  for (int n = 0; n < 20; ++n) expect_equal(pool.submit(twice, n).get(), 2 * n, "a result");
  const auto ending_of = [&](auto one) {
    try {
      one.get();
    } catch (const workpool::worker_lost& lost) {
      return std::pair(lost.report().signal, lost.report().exit_code);
    }
    return std::pair(0, 0);
  };
  expect(ending_of(pool.submit(leave_with, 7)) == std::pair(0, 7), "exit 7 is told as that");
  expect(ending_of(pool.submit(abort_here)) == std::pair(SIGABRT, 0), "an abort is told as that");
  expect(pool.submit(own_number).get() != ::getpid(), "tasks run in another process");
}

using workpool_test::processes_marked;

}  // namespace fault
