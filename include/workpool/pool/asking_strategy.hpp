#pragma once
#include <workpool/config.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// As long as it lives, this thread is asking the strategy of a pool, or is using it, under that pool's lock: it must
/// not wait for the pool. Threads: made and destroyed by one, the innermost first.
class asking_strategy {
 public:
  explicit asking_strategy(const void* desk) noexcept : desk_(desk), outer_(innermost_) {
    for (const asking_strategy* one = outer_; one != nullptr; one = one->outer_)
      nested_ = nested_ || one->desk_ == desk;
    innermost_ = this;
  }
  asking_strategy(const asking_strategy&) = delete;
  asking_strategy& operator=(const asking_strategy&) = delete;
  ~asking_strategy() { innermost_ = outer_; }

  /// Whether this thread has the lock of the same desk already.
  bool is_nested() const noexcept { return nested_; }

  /// Whether this thread is asking any.
  static bool anybody() noexcept { return innermost_ != nullptr; }

 private:
  const void* const desk_;
  const asking_strategy* const outer_;
  bool nested_ = false;
  WORKPOOL_ONE_PER_PROCESS static inline thread_local constinit const asking_strategy* innermost_ = nullptr;
};

}}}  // namespace workpool::v0::detail
