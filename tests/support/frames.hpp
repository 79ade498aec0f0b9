#pragma once

#include <workpool/config.hpp>

namespace workpool_test {

/// Whether this build's functions take several times the stack they take in an optimised one.
#if defined(__OPTIMIZE__) && !WORKPOOL_UNDER_TSAN && !WORKPOOL_UNDER_ASAN
inline constexpr bool large_frames = false;
#else
inline constexpr bool large_frames = true;
#endif

}  // namespace workpool_test
