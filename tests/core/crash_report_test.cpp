#include <workpool/core/crash_report.hpp>

#include "support/catch.hpp"

#include <utility>

using workpool::crash_report;

TEST_CASE("a fresh crash report claims to know nothing") {
  const crash_report report;
  CHECK(report.why == crash_report::cause::unknown);
  CHECK(report.signal == 0);
  CHECK(report.pid == 0);
  CHECK(report.attempt == 1);
  CHECK(report.stderr_tail.empty());
}

TEST_CASE("every cause of a worker's death has its own name as text") {
  using cause = crash_report::cause;
  const std::pair<cause, const char*> names[] = {{cause::signal, "signal"},     {cause::exit, "exit"},
                                                 {cause::memory, "memory"},     {cause::timeout, "timeout"},
                                                 {cause::protocol, "protocol"}, {cause::unresponsive, "unresponsive"},
                                                 {cause::unknown, "unknown"},   {cause::parent_gone, "parent_gone"}};
  for (const auto& [value, name] : names) CHECK(to_string(value) == name);
  CHECK(to_string(static_cast<cause>(99)) == "invalid");
}
