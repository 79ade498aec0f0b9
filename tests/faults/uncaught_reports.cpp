// A posted task that throws: one line on standard error with pool, task and what(), and the pool goes on.

#include <algorithm>
#include <stdexcept>
#include <string>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"

namespace wp = workpool;

int main() {
  const auto seen = fault::in_child("uncaught_reports", [] {
    wp::thread_pool pool{{.name = "resizer", .workers = 1}};
    pool.post({.name = "thumb"}, [] { throw std::runtime_error("no such picture"); });
    pool.post([] { throw 42; });
    pool.wait_idle();
    fault::expect_equal(pool.submit([] { return 5; }).get(), 5, "what the next task gave");
    fault::expect_equal(pool.stats().failed, 2, "failed");
    fault::expect_equal(pool.stats().callback_errors, 0, "callback_errors");
    {
      auto kept = pool.submit([] { throw std::runtime_error("somebody asks for this one"); });
      kept.wait();
    }
    pool.post([] {});
  });
  fault::expect(seen.by_exit(0), "the process went on to its end; " + seen.in_words());
  fault::expect_equal(std::count(seen.errors.begin(), seen.errors.end(), '\n'), 2, "number of lines");
  const std::string first = seen.errors.substr(0, seen.errors.find('\n'));
  fault::expect_text(first, {"workpool: task ", " 'thumb' of pool 'resizer' threw", "no such picture"});
  fault::expect_text(seen.errors.substr(std::min(first.size() + 1, seen.errors.size())),
                     {"workpool: task ", " of pool 'resizer' threw", "not a std::exception"});
  return fault::failures;
}
