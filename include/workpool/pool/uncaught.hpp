#pragma once
#include <cstdio>
#include <exception>
#include <string>
#include <workpool/core/task.hpp>
#include <workpool/pool/pool_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

inline std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  } catch (...) {
    return "something that is not a std::exception";
  }
}

/// Tells the user of an exception nobody waits for, as the options want it.
/// Gives: false when the user's handler threw.
inline bool report_uncaught(const pool_options& options, const task& one, const std::exception_ptr& error) noexcept {
  if (options.on_uncaught == on_uncaught::ignore) return true;
  bool well = true;
  try {
    if (options.uncaught_handler) {
      options.uncaught_handler(error, one.id());
    } else {
      const std::string line = "workpool: " + one.describe() + " of pool '" + options.name +
                               "' threw, and nobody holds its future: " + describe(error) + "\n";
      std::fputs(line.c_str(), stderr);
    }
  } catch (...) {
    well = false;
  }
  if (options.on_uncaught == on_uncaught::terminate) {
    try {
      std::rethrow_exception(error);
    } catch (...) {
      std::terminate();  // with the exception in flight, so that the terminate handler can name it
    }
  }
  return well;
}

}}}  // namespace workpool::v0::detail
