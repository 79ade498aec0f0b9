#pragma once
#include <cstring>
#include <exception>
#include <sstream>
#include <string>

#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>

#include "options.hpp"

namespace crash_proof {

/// Gives: what became of a task, in a few words.
inline std::string why(const std::exception_ptr& error, const options& chosen) {
  std::ostringstream text;
  try {
    std::rethrow_exception(error);
  } catch (const workpool::worker_lost& lost) {
    using cause = workpool::crash_report::cause;
    const workpool::crash_report& report = lost.report();
    if (report.why == cause::signal) {
      text << "the parser crashed: signal " << report.signal << ", " << ::strsignal(report.signal);
    } else if (report.why == cause::exit) {
      text << "the parser left with exit code " << report.exit_code;
    } else if (report.why == cause::memory) {
      text << "the parser needed more than " << chosen.mebibytes << " MiB";
    } else {
      text << lost.what();
    }
  } catch (const workpool::task_timeout&) {
    text << "the parser took longer than " << chosen.seconds << " s";
  } catch (const std::exception& other) {
    text << other.what();
  }
  return text.str();
}

}  // namespace crash_proof
