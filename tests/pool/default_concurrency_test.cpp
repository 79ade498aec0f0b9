#include <workpool/pool/default_concurrency.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <new>
#include <optional>

using workpool::detail::usable_cpus;

TEST_CASE("default concurrency is what affinity and quota leave, here and now") {
  const auto cpus = workpool::default_concurrency();
  CHECK(cpus >= 1);
  CHECK(cpus <= workpool::detail::affinity_count());
  if (const auto quota = workpool::detail::quota_concurrency()) CHECK(cpus <= *quota);
}

TEST_CASE("the smaller of affinity and quota counts") {
  CHECK(usable_cpus(8, std::nullopt, 99) == 8);
  CHECK(usable_cpus(8, 3, 99) == 3);
  CHECK(usable_cpus(2, 3, 99) == 2);
}

TEST_CASE("a quota that there is no memory to read is no quota") {
  const auto out_of_memory = []() -> std::optional<std::size_t> { throw std::bad_alloc(); };
  CHECK(workpool::detail::quota_if_readable(out_of_memory) == std::nullopt);
  CHECK(workpool::detail::quota_if_readable([] { return std::optional<std::size_t>(2); }) == 2u);
}

TEST_CASE("default concurrency is never 0, whatever is unknown") {
  CHECK(usable_cpus(0, std::nullopt, 6) == 6);
  CHECK(usable_cpus(0, std::nullopt, 0) == 1);
  CHECK(usable_cpus(0, 2, 0) == 1);
  CHECK(usable_cpus(4, 0, 4) == 1);
}
