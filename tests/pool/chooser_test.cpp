#include <workpool/pool/chooser.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::idle_workers;
using wp::detail::chooser;

namespace {

/// Answers what the test says.
struct scripted {
  std::function<std::optional<std::size_t>()> answer;
  std::optional<std::size_t> select(std::span<const wp::worker_view>, const wp::task_view&) { return answer(); }
};

constexpr wp::task_view any_task{1, wp::priority::normal, 0};
constexpr wp::time_point now{};

std::vector<std::size_t> choices(chooser<scripted>& asked, const std::vector<wp::worker_view>& shown, int count) {
  std::vector<std::size_t> all;
  for (int n = 0; n < count; ++n) all.push_back(asked.choose(shown, any_task).value());
  return all;
}

}  // namespace

TEST_CASE("a good answer is taken as it is, and so is none", "[chooser]") {
  chooser<scripted> asked({[] { return 2; }});
  CHECK(asked.choose(idle_workers(3), any_task) == 2);
  asked.selection().answer = [] { return std::nullopt; };
  CHECK(asked.choose(idle_workers(3), any_task) == std::nullopt);
  CHECK(asked.choose({}, any_task) == std::nullopt);
  CHECK(asked.faults() == 0);
  CHECK_FALSE(asked.news(now));
}

TEST_CASE("a strategy that fails is counted, and round robin picks in its place", "[chooser]") {
  auto shown = idle_workers(3);
  shown[1].weight = 0;
  chooser<scripted> asked({});
  std::string told;
  SECTION("it throws") {
    asked.selection().answer = []() -> std::optional<std::size_t> { throw std::runtime_error("no idea"); };
    told = "the selection strategy threw: no idea; round robin picked in its place";
  }
  SECTION("it throws what is no exception") {
    asked.selection().answer = []() -> std::optional<std::size_t> { throw 7; };
    told = "the selection strategy threw something that is no std::exception; round robin picked in its place";
  }
  SECTION("it answers out of range") {
    asked.selection().answer = [] { return 3; };
    told = "the selection strategy answered 3, and 3 workers could be picked; round robin picked in its place";
  }
  SECTION("it picks one that takes nothing") {
    asked.selection().answer = [] { return 1; };
    told = "the selection strategy picked worker 1, which takes no tasks; round robin picked in its place";
  }
  CHECK(choices(asked, shown, 4) == std::vector<std::size_t>{0, 2, 0, 2});
  CHECK(asked.faults() == 4);
  CHECK(asked.news(now) == told);
}

TEST_CASE("where nobody is there to pick, a fault leaves none", "[chooser]") {
  chooser<scripted> asked({[] { return 0; }});
  CHECK(asked.choose({}, any_task) == std::nullopt);
  CHECK(asked.faults() == 1);
}

TEST_CASE("faults are news once a second, and of those in between the last one", "[chooser]") {
  int code = 0;
  chooser<scripted> asked({[&]() -> std::optional<std::size_t> { throw std::runtime_error(std::to_string(++code)); }});
  const auto shown = idle_workers(2);
  const auto fail = [&] { asked.choose(shown, any_task); };
  fail();
  CHECK(asked.has_news());
  CHECK(asked.news(now)->find("threw: 1;") != std::string::npos);
  CHECK_FALSE(asked.has_news());
  fail();
  fail();
  CHECK_FALSE(asked.news(now + 999ms));
  CHECK(asked.news(now + 1s)->find("threw: 3;") != std::string::npos);
  CHECK_FALSE(asked.news(now + 5s));
  CHECK(asked.faults() == 3);
}

TEST_CASE("weights are what the strategy says, and 1 where it says nothing", "[chooser]") {
  const chooser<wp::select::weighted_round_robin> weighs(wp::select::weighted_round_robin({3, 0}));
  const auto shown = idle_workers(3);
  CHECK(weighs.weight_of(shown[0]) == 3);
  CHECK(weighs.weight_of(shown[1]) == 0);
  CHECK(weighs.weight_of(shown[2]) == 1);
  CHECK(chooser<scripted>({}).weight_of(shown[0]) == 1);
}

TEST_CASE("a task is pinned by its key, where the strategy pins keys", "[chooser]") {
  CHECK(chooser<wp::select::sticky>::pins(7));
  CHECK_FALSE(chooser<wp::select::sticky>::pins(0));
  CHECK_FALSE(chooser<scripted>::pins(7));
}
