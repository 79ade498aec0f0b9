#pragma once
#include <cstdint>
#include <exception>
#include <optional>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task_details.hpp>
#include <workpool/resilience/retry.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The attempts of a task, as its retry options say.
class retry_plan final : public attempt_plan {
 public:
  explicit retry_plan(const retry_options& options) : tries_(options) {}

  void begin() noexcept override { tries_.begin(); }
  bool may_follow(std::uint32_t ended) const noexcept override { return ended < tries_.max_attempts(); }
  std::optional<duration> next(outcome how, const std::exception_ptr& error, duration most) override {
    return tries_.next(how, error, most);
  }

 private:
  retry tries_;
};

}}}  // namespace workpool::v0::detail
