#include <workpool/core/task_details.hpp>

#include <memory>
#include <optional>
#include <utility>

#include "support/catch.hpp"

using namespace workpool::detail;
using workpool::outcome;

TEST_CASE("a task of which nothing rare is known has no limit, no gate and one attempt") {
  const task_details details;
  CHECK(details.timeout == workpool::duration::max());
  CHECK(details.expires_at == workpool::time_point::max());
  CHECK(details.key == 0);
  CHECK(details.gate == nullptr);
  CHECK(details.plan == nullptr);
  CHECK_FALSE(details.outside_queue);
  CHECK_FALSE(details.delayed.load());
}

TEST_CASE("gate and plan go with the details") {
  struct counting_gate final : attempt_gate {
    explicit counting_gate(int& alive) : alive_(++alive) {}
    ~counting_gate() override { --alive_; }
    bool enter() noexcept override { return true; }
    void leave(outcome) noexcept override {}
    int& alive_;
  };
  struct counting_plan final : attempt_plan {
    explicit counting_plan(int& alive) : alive_(++alive) {}
    ~counting_plan() override { --alive_; }
    void begin() noexcept override {}
    bool may_follow(std::uint32_t) const noexcept override { return false; }
    std::optional<workpool::duration> next(outcome, const std::exception_ptr&, workpool::duration) override {
      return std::nullopt;
    }
    int& alive_;
  };
  int alive = 0;
  {
    task_details details;
    details.gate = std::make_unique<counting_gate>(alive);
    details.plan = std::make_unique<counting_plan>(alive);
    CHECK(alive == 2);
  }
  CHECK(alive == 0);
}
