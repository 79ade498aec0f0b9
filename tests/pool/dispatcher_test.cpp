#include <workpool/pool/dispatcher.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/select/first_idle.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::priority;
using wp::detail::task;

namespace {

using ids = std::vector<wp::task_id>;

/// A worker that is what the test says.
struct player {
  wp::worker_id id() const noexcept { return number; }
  wp::worker_state state() const noexcept { return wp::worker_state::idle; }
  bool is_wanted() const noexcept { return wanted; }
  bool is_ready() const noexcept { return ready; }
  bool is_working() const noexcept { return working; }
  bool rests() const noexcept { return resting; }

  wp::worker_id number = 0;
  bool wanted = true, ready = true, working = false, resting = true;
};

template <class Selection>
struct bench {
  using queue_type = wp::detail::default_queue;

  explicit bench(std::size_t workers, Selection selection = Selection())
      : rules(wp::queue_options{}, tasks, late, std::move(selection)) {
    for (std::size_t n = 0; n < workers; ++n) players.push_back({.number = static_cast<wp::worker_id>(n)});
  }
  ~bench() {
    wp::detail::inbox::list left;
    for (const priority lane : wp::detail::lane_order(0, 0)) rules.take_all(lane, left);
    for (const auto& one : left) rules.put_aside(one);
  }

  void queue(wp::task_id id, priority lane = priority::normal, std::uint64_t key = 0) {
    task* const one = new workpool_test::probe_task(log);
    one->describe_as(id, lane);
    one->accept_by(pool);
    if (key != 0) one->details().key = key;
    if (tasks.try_push(wp::task_ref(one), lane) != wp::push_status::accepted) throw "refused";
  }
  /// Gives: who was woken.
  std::vector<wp::worker_id> dispatch(const player* looking = nullptr) {
    std::vector<wp::worker_id> woken;
    look();
    crowded = rules.dispatch(looking, [&](const player& one) { woken.push_back(one.id()); });
    return woken;
  }
  void look() {
    rules.look([this](auto&& visit) {
      for (player& one : players) visit(one);
    });
  }
  /// The id of what the worker takes; 0: nothing.
  wp::task_id take(std::size_t who) {
    rules.look_again(players[who]);
    look();
    const auto mine = rules.take(players[who], [this] { return now; });
    if (!mine) return 0;
    task* const one = rules.claim(*mine);
    if (one == nullptr) return 0;
    const wp::task_id id = one->id();
    workpool_test::fake_owner::run_started(*one);
    one->drop_reference();
    return id;
  }

  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  wp::detail::intake_books books;
  queue_type tasks;
  wp::detail::late_tasks late{books};
  std::deque<player> players;
  wp::time_point now{};
  bool crowded = false;
  wp::detail::dispatcher<queue_type, player, Selection> rules;
};

using turns = bench<wp::select::round_robin>;

}  // namespace

TEST_CASE("who gets something and rests is woken, once until it looks", "[dispatcher]") {
  turns here(2);
  here.players[1].resting = false;
  for (const wp::task_id id : ids{1, 2, 3}) here.queue(id);
  CHECK(here.dispatch() == std::vector<wp::worker_id>{0});
  CHECK(here.rules.size() == 3);
  here.queue(4);
  here.queue(5);
  CHECK(here.dispatch().empty());
  here.rules.look_again(here.players[0]);
  here.queue(6);
  here.queue(7);
  CHECK(here.dispatch() == std::vector<wp::worker_id>{0});
}

TEST_CASE("who looks for a task itself is not woken for it", "[dispatcher]") {
  turns here(2);
  here.queue(1);
  CHECK(here.dispatch(&here.players[0]).empty());
  CHECK(here.take(0) == 1);
}

TEST_CASE("dispatching ends when every worker has enough in flight, and goes on when one has not", "[dispatcher]") {
  turns here(2);
  for (wp::task_id id = 1; id <= 20; ++id) here.queue(id);
  here.dispatch();
  CHECK(here.rules.size() == 2 * here.rules.enough_in_flight);
  CHECK(here.crowded);
  here.players[0].working = true;
  here.dispatch();
  CHECK(here.rules.size() == 2 * here.rules.enough_in_flight);
  CHECK(here.take(1) == 2);
  here.rules.look_again(here.players[1]);
  here.dispatch();
  CHECK(here.rules.size() > 2 * here.rules.enough_in_flight - 1);
}

TEST_CASE("what lies longer than a pool is patient, with a worker that begins nothing, is for the others",
          "[dispatcher]") {
  turns here(2);
  for (const wp::task_id id : ids{1, 2, 3}) here.queue(id);
  here.dispatch();
  CHECK(here.take(1) == 2);
  CHECK(here.take(1) == 0);
  CHECK_FALSE(here.rules.find_overdue(here.players[1], here.now));
  here.now += here.rules.patience - 1ns;
  CHECK_FALSE(here.rules.find_overdue(here.players[1], here.now));
  here.now += 1ns;
  SECTION("and one of it goes to whoever looks") {
    CHECK(here.rules.find_overdue(here.players[1], here.now));
    CHECK_FALSE(here.rules.find_overdue(here.players[0], here.now));  // its own
    CHECK(here.take(1) == 1);
    CHECK(here.take(1) == 0);
  }
  SECTION("unless it has begun something meanwhile") {
    CHECK(here.take(0) == 1);
    CHECK_FALSE(here.rules.find_overdue(here.players[1], here.now));
    CHECK(here.take(1) == 0);
  }
  SECTION("also where it begins something after it was found to be late") {
    CHECK(here.rules.find_overdue(here.players[1], here.now));
    CHECK(here.take(0) == 1);
    CHECK(here.take(1) == 0);
  }
}

TEST_CASE("what a strategy pins is nobody else's, until its worker is not ready", "[dispatcher]") {
  bench<wp::select::sticky> here(2);
  here.queue(1, priority::normal, 7);
  here.dispatch();
  const std::size_t owner = here.rules.worth_a_look(here.players[0]) ? 0 : 1;
  const std::size_t other = 1 - owner;
  here.rules.find_overdue(here.players[other], here.now);
  here.now += 1s;
  CHECK_FALSE(here.rules.find_overdue(here.players[other], here.now));
  CHECK(here.take(other) == 0);
  here.players[owner].ready = false;
  here.dispatch();
  CHECK(here.take(other) == 1);
}

TEST_CASE("without a preference a few tasks wait for whoever is free", "[dispatcher]") {
  bench<wp::select::first_idle> here(2);
  here.queue(1);
  CHECK(here.dispatch() == std::vector<wp::worker_id>{0});
  for (wp::task_id id = 2; id <= 20; ++id) here.queue(id);
  CHECK(here.dispatch() == std::vector<wp::worker_id>{1});
  CHECK(here.rules.size() == here.rules.enough_in_flight);
  CHECK(here.take(1) == 1);
  CHECK(here.dispatch().empty());  // 1 is busy, and 0 is being woken
  CHECK(here.take(0) == 2);
}

TEST_CASE("what waits for anyone is not forgotten when who was told of it takes something more urgent",
          "[dispatcher]") {
  struct only_urgent {
    std::optional<std::size_t> select(std::span<const wp::worker_view>, const wp::task_view& one) {
      return one.priority == priority::critical ? std::optional<std::size_t>(0) : std::nullopt;
    }
  };
  bench<only_urgent> here(2);
  here.queue(1);
  CHECK(here.dispatch() == std::vector<wp::worker_id>{0});
  here.queue(2, priority::critical);
  CHECK(here.dispatch() == std::vector<wp::worker_id>{1});
  CHECK(here.take(0) == 2);
  CHECK(here.take(1) == 1);
}

TEST_CASE("with nobody there to take it, what waits is told as more than can be got to", "[dispatcher]") {
  turns here(1);
  here.players[0].ready = false;
  here.queue(1);
  here.dispatch();
  CHECK(here.crowded);
  here.players[0].ready = true;
  here.dispatch();
  CHECK_FALSE(here.crowded);
}

TEST_CASE("who waits in the middle of a task weighs something as long as another one may stand in for him",
          "[dispatcher]") {
  using rules = decltype(bench<wp::select::weighted_round_robin>::rules);
  bench<wp::select::weighted_round_robin> here(2, wp::select::weighted_round_robin({1, 0}));
  here.players[0].ready = false;
  here.queue(1);
  here.dispatch();
  CHECK(here.take(1) == 0);
  const auto each = [&](auto&& visit) {
    for (player& one : here.players) visit(one);
  };
  here.rules.look(each, rules::held_up::is_gone);
  here.rules.dispatch(nullptr, [](const player&) {});
  CHECK(here.rules.size() == 1);
}

TEST_CASE("urgent tasks are dispatched beyond what is enough, but not without end", "[dispatcher]") {
  turns here(1);
  for (wp::task_id id = 1; id <= 100; ++id) here.queue(id, priority::critical);
  here.dispatch();
  CHECK(here.rules.size() == here.rules.most_in_flight);
}

TEST_CASE("a worker that was told of what is overdue finds it worth a look", "[dispatcher]") {
  turns here(2);
  here.queue(1);
  here.dispatch();
  here.rules.find_overdue(here.players[1], here.now);
  here.now += here.rules.patience;
  CHECK_FALSE(here.rules.worth_a_look(here.players[1]));
  CHECK(here.rules.find_overdue(here.players[1], here.now));
  CHECK(here.rules.worth_a_look(here.players[1]));
  CHECK(here.take(1) == 1);
  CHECK_FALSE(here.rules.worth_a_look(here.players[1]));
}

TEST_CASE("somebody who has nothing to do can be told to look", "[dispatcher]") {
  turns here(3);
  here.queue(1);
  here.dispatch();
  std::vector<wp::worker_id> woken;
  const auto wake = [&](const player& one) { woken.push_back(one.id()); };
  here.look();
  CHECK(here.rules.tell_anyone(wake));
  here.look();
  CHECK(here.rules.tell_anyone(wake));
  CHECK_FALSE(here.rules.tell_anyone(wake));
  CHECK(woken == std::vector<wp::worker_id>{1, 2});
}

TEST_CASE("a worker is idle since it has first found nothing", "[dispatcher]") {
  struct longest_idle {
    std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view&) {
      since->clear();
      for (const auto& one : workers) since->push_back(one.idle_since);
      return 0;
    }
    std::vector<wp::time_point>* since;
  };
  std::vector<wp::time_point> since;
  bench<longest_idle> here(1, longest_idle{&since});
  here.now += 5s;
  CHECK(here.take(0) == 0);
  here.now += 5s;
  CHECK(here.take(0) == 0);
  here.queue(1);
  here.dispatch();
  CHECK(since == std::vector{wp::time_point{} + 5s});
  CHECK(here.take(0) == 1);
  CHECK(here.take(0) == 0);
  here.queue(2);
  here.dispatch();
  CHECK(since == std::vector{wp::time_point{} + 10s});
}
