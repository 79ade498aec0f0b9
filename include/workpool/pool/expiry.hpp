#pragma once
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>
#include <workpool/pool/timekeeper.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A waiting task that expires. It holds a reference and nothing else, so that throwing it away does nothing.
class expiry final : public appointment {
 public:
  explicit expiry(task& one) noexcept : one_(one) { one_.add_reference(); }
  expiry(const expiry&) = delete;
  expiry& operator=(const expiry&) = delete;
  ~expiry() override { one_.drop_reference(); }
  void keep() noexcept override { one_.withdraw(outcome::expired); }
  bool moot() const noexcept override { return !one_.waiting(); }

 private:
  task& one_;
};

}}}  // namespace workpool::v0::detail
