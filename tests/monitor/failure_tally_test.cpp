#include <workpool/monitor/failure_tally.hpp>

#include "support/catch.hpp"

#include <algorithm>
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
#include <workpool/core/priority.hpp>

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

struct own {
  struct trouble : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
};

/// A category whose name is told by code that looks at the tally itself.
class curious_category final : public std::error_category {
 public:
  explicit curious_category(const failure_tally& tally) : tally_(tally) {}
  const char* name() const noexcept override {
    seen_ = tally_.counts().size();
    return "curious";
  }
  std::string message(int) const override { return "looked"; }
  std::size_t seen() const noexcept { return seen_; }

 private:
  const failure_tally& tally_;
  mutable std::size_t seen_ = 99;
};

template <std::size_t>
struct numbered {};

template <std::size_t... Numbers>
void fail_in_many_ways(failure_tally& tally, std::index_sequence<Numbers...>) {
  (fail(tally, numbered<Numbers>{}), ...);
}

}  // namespace

namespace stranger::workpool::v0 {
struct trouble {};
}  // namespace stranger::workpool::v0
namespace not_workpool::v0 {
struct trouble {};
}  // namespace not_workpool::v0

TEST_CASE("failures are counted by the type that was thrown") {
  failure_tally tally;
  fail(tally, std::runtime_error("one"));
  fail(tally, std::runtime_error("two"));
  fail(tally, std::range_error("a kind of runtime_error"));
  fail(tally, 42);
  CHECK(tally.counts() == counts{{"std::runtime_error", 2}, {"std::range_error", 1}, {"int", 1}});
}

TEST_CASE("types are named as their author would, and of versions only the library's own is left out") {
  failure_tally tally;
  fail(tally, own::trouble("nested"));
  fail(tally, "text");
  fail(tally, std::vector<workpool::priority>());
  fail(tally, stranger::workpool::v0::trouble());
  fail(tally, not_workpool::v0::trouble());
  struct local {};
  fail(tally, local());
  const counts seen = tally.counts();
  CHECK(seen.size() == 6);
  CHECK(seen.count("(anonymous namespace)::own::trouble") == 1);
  CHECK(seen.count("char const*") == 1);
  CHECK(seen.count("std::vector<workpool::priority, std::allocator<workpool::priority> >") == 1);
  CHECK(seen.count("stranger::workpool::v0::trouble") == 1);
  CHECK(seen.count("not_workpool::v0::trouble") == 1);
  CHECK(std::any_of(seen.begin(), seen.end(), [](const auto& one) { return one.first.ends_with("::local"); }));
}

TEST_CASE("every error of the library goes by its own name and code") {
  failure_tally tally;
  for (int code = 1; code <= static_cast<int>(workpool::errc::no_state); ++code) {
    try {
      workpool::raise(static_cast<workpool::errc>(code));
    } catch (const std::system_error& known) {
      tally.add_current(&known.code());
    }
  }
  const counts seen = tally.counts();
  CHECK(seen.size() == 25);
  CHECK(seen.at("workpool::queue_full (workpool:1)") == 1);
  CHECK(seen.at("workpool::bad_config (workpool:8)") == 1);
  CHECK(seen.at("workpool::no_state (workpool:25)") == 1);
}

TEST_CASE("the name of an error category may look at the tally") {
  failure_tally tally;
  const curious_category category(tally);
  fail(tally, 1);
  for (int n = 0; n < 3; ++n) fail(tally, std::system_error(std::error_code(7, category)));
  CHECK(category.seen() == 1);
  CHECK(tally.counts() == counts{{"int", 1}, {"std::system_error (curious:7)", 3}});
}

TEST_CASE("a tally needs nothing of the category after the failure") {
  failure_tally tally;
  {
    const curious_category category(tally);
    fail(tally, std::system_error(std::error_code(7, category)));
  }
  CHECK(tally.counts() == counts{{"std::system_error (curious:7)", 1}});
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
  CHECK(seen.at("workpool::task_timeout (workpool:" + std::to_string(static_cast<int>(workpool::errc::task_timeout)) +
                ")") == 1);
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

TEST_CASE("several threads may fail at the same time, also in the same new ways, while another one looks") {
  constexpr std::uint64_t thrown = 3200;  // 4 threads, 40 kinds, 20 times each
  failure_tally tally;
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) fail_in_many_ways(tally, std::make_index_sequence<40>());
    });
  }
  const auto total = [&] {
    std::uint64_t sum = 0;
    for (const auto& [name, count] : tally.counts()) sum += count;
    return sum;
  };
  std::uint64_t before = 0;
  bool growing = true;
  while (before < thrown && growing) {
    const std::uint64_t now = total();
    growing = now >= before;
    before = now;
  }
  threads.clear();
  CHECK(growing);
  CHECK(total() == thrown);
  const counts seen = tally.counts();
  CHECK(seen.size() == 40);
  CHECK(std::all_of(seen.begin(), seen.end(), [](const auto& one) { return one.second == 80; }));
}
