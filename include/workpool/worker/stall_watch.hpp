#pragma once
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Is told when a worker is held up, because its task overruns or waits, and when it is free again.
/// Threads: any. The two calls of one incident may arrive in any order.
class stall_watch {
 public:
  virtual void stalled(worker_id worker) noexcept = 0;
  virtual void recovered(worker_id worker) noexcept = 0;

 protected:
  ~stall_watch() = default;
};

}}}  // namespace workpool::v0::detail
