#include <workpool/monitor/failure_tally.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>

using workpool::detail::failure_tally;
using counts = std::map<std::string, std::uint64_t>;

namespace {

template <class Exception>
void fail(failure_tally& tally, const Exception& what) {
  try {
    throw what;
  } catch (const std::system_error& known) {
    tally.add_current(&known.code());
  } catch (...) {
    tally.add_current();
  }
}

template <std::size_t>
struct numbered {};

template <std::size_t... Numbers>
void fail_in_many_ways(failure_tally& tally, std::index_sequence<Numbers...>) {
  (fail(tally, numbered<Numbers>{}), ...);
}

}  // namespace

TEST_CASE("failures are counted by the type that was thrown") {
  failure_tally tally;
  fail(tally, std::runtime_error("one"));
  fail(tally, std::runtime_error("two"));
  fail(tally, std::range_error("a kind of runtime_error"));
  fail(tally, 42);
  CHECK(tally.counts() == counts{{"std::runtime_error", 2}, {"std::range_error", 1}, {"int", 1}});
}

TEST_CASE("failures with an error code are counted by type and code") {
  failure_tally tally;
  fail(tally, std::system_error(std::make_error_code(std::errc::no_such_file_or_directory)));
  fail(tally, std::system_error(std::make_error_code(std::errc::permission_denied)));
  fail(tally, std::system_error(std::make_error_code(std::errc::permission_denied)));
  fail(tally, workpool::task_timeout(make_error_code(workpool::errc::task_timeout), "late"));
  const counts seen = tally.counts();
  CHECK(seen.size() == 3);
  CHECK(seen.at("std::system_error (generic:2)") == 1);
  CHECK(seen.at("std::system_error (generic:13)") == 2);
  CHECK(seen.at("workpool::task_timeout (workpool:" +
                std::to_string(static_cast<int>(workpool::errc::task_timeout)) + ")") == 1);
}

TEST_CASE("more kinds than are kept are counted together") {
  failure_tally tally;
  fail_in_many_ways(tally, std::make_index_sequence<70>());
  fail(tally, numbered<0>{});
  const counts seen = tally.counts();
  CHECK(seen.size() == 65);
  CHECK(seen.at("other") == 6);
  std::uint64_t total = 0;
  for (const auto& [name, count] : seen) total += count;
  CHECK(total == 71);
}

TEST_CASE("several threads may fail at the same time") {
  failure_tally tally;
  std::vector<std::thread> threads;
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) fail(tally, n);
    });
  }
  for (auto& one : threads) one.join();
  CHECK(tally.counts() == counts{{"int", 4000}});
}
