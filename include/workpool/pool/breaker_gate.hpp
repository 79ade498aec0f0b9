#pragma once
#include <optional>
#include <utility>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>
#include <workpool/resilience/circuit_breaker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A task's leave from the circuit breaker of its options: taken at submit, given back with the outcome. What was never
/// accepted, or ended without having run, or by task_cancelled, counts nowhere.
class breaker_gate final : public attempt_gate {
 public:
  explicit breaker_gate(circuit_breaker& breaker) noexcept : breaker_(breaker) {}

  bool enter() noexcept override {
    if (leave_.held()) return true;  // a bulk asks for all of its parts before the first one is submitted
    std::optional<circuit_breaker::permit> given = breaker_.try_acquire();
    if (!given) return false;
    leave_ = *std::move(given);
    return true;
  }

  void leave(outcome how) noexcept override {
    if (how == outcome::value) leave_.success();
    if (how == outcome::failed || how == outcome::timed_out || how == outcome::worker_lost) leave_.failure();
    leave_ = {};
  }

 private:
  circuit_breaker& breaker_;
  circuit_breaker::permit leave_;
};

}}}  // namespace workpool::v0::detail
