#pragma once

#include <cstddef>

namespace workpool { inline namespace v0 {

/// What the kernel lets a worker process use; 0 leaves it as it is inherited. A worker that needs more gets the error
/// of its call (address_space: std::bad_alloc; open_files: EMFILE) or, at the end of its CPU time, SIGXCPU and a second
/// later SIGKILL. Units: address_space and core in bytes.
struct resource_limits {
  std::size_t address_space = 0, core = 0;
  unsigned open_files = 0, cpu_seconds = 0;
};

}}  // namespace workpool::v0
