#pragma once
#include <cstddef>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Who makes shared buffers in a worker process.
class buffer_maker {
 public:
  /// A new one of zeros. Blocks: until the host has answered. Throws: message_too_large, unsupported, std::bad_alloc.
  virtual shared_buffer make(std::size_t size) = 0;

 protected:
  ~buffer_maker() = default;
};

}}}  // namespace workpool::v0::detail
