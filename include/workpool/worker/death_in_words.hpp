#pragma once
#include <string>
#include <workpool/core/crash_report.hpp>
#include <workpool/detail/posix/signal_name.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Gives: how a worker ended, to follow "it ".
inline std::string death_in_words(const crash_report& report) {
  switch (report.why) {
    case crash_report::cause::signal:
      return "died of signal " + std::to_string(report.signal) + " (" + signal_name(report.signal) + ")";
    case crash_report::cause::exit:
      return "left with exit code " + std::to_string(report.exit_code);
    case crash_report::cause::memory:
      return "was killed for its memory (hard_memory)";
    case crash_report::cause::unresponsive:
      return "was killed because it did not answer (health.timeout)";
    case crash_report::cause::timeout:
      return "was killed because its task ran longer than its timeout";
    case crash_report::cause::protocol:
      return "was killed because it broke the protocol";
    case crash_report::cause::parent_gone:
      return "died with the process that starts workers";
    case crash_report::cause::unknown:
      break;
  }
  return "ended in a way that nobody could see";
}

/// Gives: "task 17 'thumb'", with the number of the report, which may be that of one of several calls.
inline std::string call_in_words(const crash_report& report) {
  const std::string name = report.task_name.empty() ? "" : " '" + report.task_name + "'";
  return "task " + std::to_string(report.task_id) + name;
}

/// Why a task was lost.
inline std::string loss_in_words(const crash_report& report) {
  std::string text = call_in_words(report) + " was lost: its worker, pid " + std::to_string(report.pid) + ", " +
                     death_in_words(report);
  if (!report.stderr_tail.empty()) text += "; it said: " + report.stderr_tail;
  return text;
}

}}}  // namespace workpool::v0::detail
