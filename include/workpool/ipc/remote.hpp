#pragma once
#include <string_view>

namespace workpool { inline namespace v0 {

/// A callable that the workers know by name, for workers that are built from another program than the host.
/// Memory: the name is not copied; it has to live until the call that takes it returns.
struct remote {
  explicit constexpr remote(std::string_view registered) noexcept : name(registered) {}

  std::string_view name;
};

}}  // namespace workpool::v0
