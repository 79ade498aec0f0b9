#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <workpool/config.hpp>

#if WORKPOOL_UNDER_ASAN || WORKPOOL_UNDER_TSAN
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // of <sanitizer/allocator_interface.h>
#endif

namespace workpool_test {

/// What this process has of memory: its resident set; under a sanitizer, which keeps what was freed, what its allocator
/// has given out.
inline std::uint64_t bytes_in_use() {
#if WORKPOOL_UNDER_ASAN || WORKPOOL_UNDER_TSAN
  return __sanitizer_get_current_allocated_bytes();
#endif
  std::ifstream numbers("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  numbers >> total >> resident;
  return resident * 4096;
}

}  // namespace workpool_test
