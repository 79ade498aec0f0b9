#pragma once

// One include for Catch2 2.13 and 3: the spelling of 3 works with both.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#define WORKPOOL_CATCH_MAJOR 3
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#define WORKPOOL_CATCH_MAJOR 2

namespace Catch::Matchers {

inline auto ContainsSubstring(const std::string& part, CaseSensitive::Choice sensitivity = CaseSensitive::Yes) {
  return Contains(part, sensitivity);
}

}  // namespace Catch::Matchers
#endif

#ifndef SKIP
// Ends the test case where it stands; to be used in the body of the test case itself.
#define SKIP(...)                     \
  do {                                \
    WARN("skipped: " << __VA_ARGS__); \
    return;                           \
  } while (false)
#endif
