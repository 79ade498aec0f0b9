#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/resilience/circuit_breaker.hpp>
#include <workpool/testing/stage.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// A task without a body, which takes care that it ends once. Threads: one.
struct simulated_task final : detail::task {
  explicit simulated_task(stage& of) noexcept : where(of) {}
  ~simulated_task() override {
    if (ends != 1) where.broken(describe() + " has ended " + std::to_string(ends) + " times");
  }
  void invoke() override {}
  void drop() noexcept override {}

  stage& where;
  time_point accepted{};
  std::optional<circuit_breaker::permit> leave{};
  std::uint64_t probe_of = 0;  // which half-open time of the breaker it was let through in; 0: none
  unsigned begins = 0, ends = 0;
};

}}}  // namespace workpool::v0::testing
