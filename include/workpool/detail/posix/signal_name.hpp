#pragma once
#include <string.h>

#include <string>

namespace workpool { inline namespace v0 { namespace detail {

/// Gives: "SIGSEGV"; for a number that has no name, "signal 99".
inline std::string signal_name(int number) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 32))
  if (const char* const name = ::sigabbrev_np(number)) return std::string("SIG") + name;
#endif
  return "signal " + std::to_string(number);
}

}}}  // namespace workpool::v0::detail
