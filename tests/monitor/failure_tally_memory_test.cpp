#include <workpool/monitor/failure_tally.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <new>
#include <string>

// The k-th allocation of a thread fails, for every k. Exceptions have memory of their own.

namespace {
thread_local constinit long allocations_left = -1;  // -1: no limit
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (allocations_left == 0) return nullptr;
  if (allocations_left > 0) --allocations_left;
  return std::malloc(bytes == 0 ? 1 : bytes);
}
void* operator new(std::size_t bytes) {
  void* const memory = ::operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // the pair matches, once it is inlined g++ 12 doubts it
#endif
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

struct failure_with_a_name_that_fits_into_no_short_string {};

std::map<std::string, std::uint64_t> counts_after_a_failure_with(long allocations) {
  workpool::detail::failure_tally tally;
  for (int times = 0; times < 2; ++times) {
    try {
      throw failure_with_a_name_that_fits_into_no_short_string();
    } catch (...) {
      allocations_left = times == 0 ? allocations : -1;
      tally.add_current();
      allocations_left = -1;
    }
  }
  return tally.counts();
}

}  // namespace

TEST_CASE("a failure of a kind there is no memory to keep is counted under other, and the next one by its name") {
  const std::string name = "(anonymous namespace)::failure_with_a_name_that_fits_into_no_short_string";
  long enough = 0;
  for (auto seen = counts_after_a_failure_with(0); seen.count("other") != 0;
       seen = counts_after_a_failure_with(++enough)) {
    CHECK(seen == std::map<std::string, std::uint64_t>{{name, 1}, {"other", 1}});
    REQUIRE(enough < 20);
  }
  CHECK(enough >= 2);
  CHECK(counts_after_a_failure_with(enough).at(name) == 2);
}
