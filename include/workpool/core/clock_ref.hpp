#pragma once
#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Some clock: the steady one, or one that outlives this. Two words, copied freely. Threads: any.
class clock_ref {
 public:
  clock_ref() noexcept : now_([](void*) noexcept -> time_point { return steady::now(); }) {}
  template <monotonic_clock Clock>
  explicit clock_ref(Clock& clock) noexcept
      : now_([](void* some) noexcept -> time_point { return static_cast<Clock*>(some)->now(); }), clock_(&clock) {}

  time_point now() const noexcept { return now_(clock_); }

 private:
  time_point (*now_)(void*) noexcept;
  void* clock_ = nullptr;
};

}}}  // namespace workpool::v0::detail
