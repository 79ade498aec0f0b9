#include <workpool/detail/posix/signal_name.hpp>

#include <csignal>

#include "support/catch.hpp"

TEST_CASE("a signal is named as in the manual, and one without a name by its number") {
  const std::string name = workpool::detail::signal_name(SIGSEGV);
  CHECK((name == "SIGSEGV" || name == "signal 11"));
  CHECK(workpool::detail::signal_name(200) == "signal 200");
}
