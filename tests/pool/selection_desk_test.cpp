#include <workpool/pool/selection_desk.hpp>

#include "support/catch.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>
#include <workpool/pool/defaults.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::priority;
using wp::detail::task;
using wp::detail::thread_worker;

namespace {

using ids = std::vector<wp::task_id>;

/// Picks what the test says, and shows it what was shown.
struct scripted {
  struct script {
    std::function<std::optional<std::size_t>(std::span<const wp::worker_view>, const wp::task_view&)> pick;
    std::vector<wp::worker_view> shown;
    int asked = 0;
  };
  std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view& one) {
    ++lines->asked;
    lines->shown.assign(workers.begin(), workers.end());
    return lines->pick(workers, one);
  }
  script* lines;
};

/// Workers without threads, a queue, and tasks that are numbered by the test.
template <class Selection>
struct bench {
  using crew_type = workpool_test::fake_crew;
  using queue_type = wp::detail::default_queue;

  explicit bench(Selection selection = Selection(), std::size_t workers = 2)
      : crew(workers), desk(options.queue, tasks, crew, late, forks, runner.hub(), std::move(selection)) {
    for (thread_worker& one : crew.workers) {
      one.wanted = true;
      one.happen(wp::detail::worker_event::start);
      one.happen(wp::detail::worker_event::ready);
    }
  }

  task* make(wp::task_id id, priority lane, std::uint64_t key) {
    task* const one = new workpool_test::probe_task(log);
    one->describe_as(id, lane);
    one->accept_by(pool);
    if (key != 0) one->details().key = key;
    return one;
  }
  /// As a submit does.
  void submit(wp::task_id id, priority lane = priority::normal, std::uint64_t key = 0) {
    if (tasks.try_push(wp::task_ref(make(id, lane, key)), lane) != wp::push_status::accepted) throw "refused";
    desk.dispatch_new();
  }
  void come_late(wp::task_id id, priority lane = priority::normal) {
    task* const one = make(id, lane, 0);
    one->details().delayed = true;
    wp::detail::late_tasks::entry alone;
    alone.emplace_back(one, 0U);
    if (!late.enter(alone)) throw "refused";
    desk.dispatch_new();
  }

  /// The id of what the worker runs next; 0: nothing.
  wp::task_id pull(std::size_t worker) {
    task* const next = desk.pull(crew[worker]);
    if (next == nullptr) return 0;
    const wp::task_id id = next->id();
    workpool_test::fake_owner::run_started(*next);
    next->drop_reference();
    return id;
  }
  ids pull_all(std::size_t worker) {
    ids all;
    while (const wp::task_id id = pull(worker)) all.push_back(id);
    return all;
  }
  /// The worker is in the middle of a task until the result is destroyed.
  auto busy(std::size_t worker) {
    struct work {
      work(bench& of, thread_worker& who) : here(of), me(who), one(of.make(1000 + who.id(), priority::normal, 0)) {
        one->start();
        me.slot.begin(*one);
      }
      work(const work&) = delete;
      work& operator=(const work&) = delete;
      ~work() {
        me.slot.end();
        workpool_test::fake_owner::run_started(*one);
        one->drop_reference();
      }
      bench& here;
      thread_worker& me;
      task* one;
    };
    return work(*this, crew[worker]);
  }
  void park(std::size_t worker) { crew[worker].at_rest = true; }
  /// Guard turns of this worker, until what it sees lies longer than a pool is patient.
  bool guards_in_vain(std::size_t worker) {
    const bool at_once = desk.overdue(crew[worker]);
    const auto until = wp::steady::now() + 2ms;
    while (wp::steady::now() < until) {
    }
    return !at_once && !desk.overdue(crew[worker]);
  }

  wp::pool_options options;
  wp::detail::task_runner runner{options};
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  crew_type crew;
  queue_type tasks{options.queue};
  wp::detail::late_tasks late{runner.intake()};
  wp::detail::fork_desk<crew_type> forks{pool, runner, crew};
  wp::detail::selection_desk<queue_type, crew_type, Selection> desk;
};

using turns = bench<wp::select::round_robin>;
using weights = bench<wp::select::weighted_round_robin>;
using keys = bench<wp::select::sticky>;

}  // namespace

TEST_CASE("each worker runs what was picked for it, in the order of submission", "[desk]") {
  turns here;
  for (const wp::task_id id : ids{1, 2, 3, 4}) here.submit(id);
  CHECK(here.desk.work_in_sight());
  CHECK(here.pull_all(0) == ids{1, 3});
  CHECK(here.desk.work_for(here.crew[1]));
  CHECK_FALSE(here.desk.work_for(here.crew[0]));
  CHECK(here.pull_all(1) == ids{2, 4});
  CHECK_FALSE(here.desk.work_in_sight());
  CHECK_FALSE(here.desk.work_for(here.crew[1]));
}

TEST_CASE("weights hold however much waits and whoever asks", "[desk]") {
  weights here(wp::select::weighted_round_robin({3, 1}));
  for (wp::task_id id = 1; id <= 400; ++id) here.submit(id);
  std::size_t heavy = 0, light = 0;
  for (bool any = true; any;) {
    const bool one = here.pull(1) != 0;
    const bool other = here.pull(0) != 0;
    light += one ? 1u : 0u;
    heavy += other ? 1u : 0u;
    any = one || other;
  }
  CHECK(heavy == 300);
  CHECK(light == 100);
}

TEST_CASE("a task stays in the queue as long as everybody has enough in flight, and until somebody has nothing left",
          "[desk]") {
  turns here;
  for (wp::task_id id = 1; id <= 20; ++id) here.submit(id);
  CHECK(here.tasks.physical_length() == 12);
  for (const wp::task_id next : {1U, 3U, 5U, 7U}) CHECK(here.pull(0) == next);
  CHECK(here.tasks.physical_length() == 12);
  CHECK(here.pull(0) == 9);
  CHECK(here.tasks.physical_length() < 12);
  here.submit(21);  // into a pool where somebody has room
  CHECK(here.pull_all(0).size() + here.pull_all(1).size() == 16);
  CHECK_FALSE(here.desk.work_in_sight());
}

TEST_CASE("what is submitted while everybody has enough is dispatched by who comes for more", "[desk]") {
  turns here;
  for (wp::task_id id = 1; id <= 8; ++id) here.submit(id);
  REQUIRE(here.tasks.physical_length() == 0);
  here.submit(9);  // the first that finds no room says that there is none
  here.submit(10);
  CHECK(here.tasks.physical_length() == 2);
  for (int n = 0; n < 4; ++n) CHECK(here.pull(1) != 0);
  CHECK(here.pull(1) != 0);
  CHECK(here.tasks.physical_length() == 0);
}

TEST_CASE("what is urgent is dispatched at once, and overtakes what waits for its worker", "[desk]") {
  turns here;
  for (wp::task_id id = 1; id <= 20; ++id) here.submit(id, priority::low);
  here.submit(21, priority::critical);
  here.submit(22, priority::high);
  ids first{here.pull(0), here.pull(1)};
  std::sort(first.begin(), first.end());
  CHECK(first == ids{21, 22});
}

TEST_CASE("what is low does not wait for ever, also in an inbox", "[desk]") {
  turns here(wp::select::round_robin(), 1);
  here.submit(1, priority::low);
  std::size_t before = 0;
  for (wp::task_id id = 2; here.pull(0) != 1; ++id, ++before) {
    here.submit(id, priority::critical);
    REQUIRE(before < 100);
  }
  CHECK(before <= here.options.queue.aging);
}

TEST_CASE("what is late is dispatched like the rest", "[desk]") {
  turns here;
  here.come_late(1);
  here.come_late(2, priority::high);
  here.submit(3);
  CHECK(here.pull_all(0) == ids{1, 3});
  CHECK(here.pull_all(1) == ids{2});
  CHECK_FALSE(here.late.any());
}

TEST_CASE("the worker that is picked is woken if it is parked, once, and nobody else", "[desk]") {
  turns here(wp::select::round_robin(), 3);
  here.park(0);
  here.park(1);
  here.submit(1);
  CHECK(here.crew.recalled == here.crew[0].mask());
  here.crew.recalled = 0;
  here.submit(2);
  here.submit(3);
  CHECK(here.crew.recalled == here.crew[1].mask());
  here.crew.recalled = 0;
  here.submit(4);  // worker 0 is being woken already
  CHECK(here.crew.recalled == 0);
  CHECK(here.pull_all(0) == ids{1, 4});
  here.submit(5);
  here.submit(6);
  here.submit(7);
  CHECK(here.crew.recalled == here.crew[0].mask());
}

TEST_CASE("without a preference whoever is free takes the task", "[desk]") {
  keys here;
  SECTION("a parked one is woken") {
    here.park(1);
    here.submit(1);
    CHECK(here.crew.recalled == here.crew[1].mask());
    CHECK(here.pull(1) == 1);
  }
  SECTION("the next one waits for the next who is free") {
    const auto first = here.busy(0);
    here.submit(1);
    here.submit(2);
    CHECK(here.pull_all(1) == ids{1, 2});
  }
}

TEST_CASE("one key, one worker, and also where that one is busy", "[desk]") {
  keys here;
  here.submit(1, priority::normal, 7);
  const std::size_t owner = here.desk.work_for(here.crew[0]) ? 0 : 1;
  CHECK(here.pull(owner) == 1);
  const auto work = here.busy(owner);
  for (wp::task_id id = 2; id <= 50; ++id) here.submit(id, priority::normal, 7);
  CHECK(here.pull(1 - owner) == 0);
  CHECK(here.guards_in_vain(1 - owner));
  CHECK(here.pull(1 - owner) == 0);
  here.submit(51);  // of no key
  CHECK(here.pull(1 - owner) == 51);
}

TEST_CASE("what waits for a worker that begins nothing is for those who have nothing to do", "[desk]") {
  turns here;
  const auto work = here.busy(0);
  for (const wp::task_id id : ids{1, 2, 3}) here.submit(id);
  CHECK(here.pull_all(1) == ids{2});
  CHECK_FALSE(here.guards_in_vain(1));
  CHECK(here.pull(1) == 1);
  CHECK(here.pull(1) == 0);  // the next one when that has taken as long again
}

TEST_CASE("a worker that goes on loses nothing", "[desk]") {
  turns here;
  for (const wp::task_id id : ids{1, 2, 3, 4, 5, 6}) here.submit(id);
  CHECK(here.pull_all(1) == ids{2, 4, 6});
  for (const wp::task_id id : ids{1, 3, 5}) {
    CHECK_FALSE(here.desk.overdue(here.crew[1]));
    CHECK(here.pull(0) == id);
  }
}

TEST_CASE("one that weighs nothing takes nothing, and still finds the others for what waits", "[desk]") {
  weights here(wp::select::weighted_round_robin({1, 0}));
  for (wp::task_id id = 1; id <= 10; ++id) here.submit(id);
  CHECK(here.pull(1) == 0);
  const auto work = here.busy(0);
  here.park(0);
  here.crew.recalled = 0;
  static_cast<void>(here.guards_in_vain(1));
  CHECK(here.pull(1) == 0);
  CHECK_FALSE(here.desk.work_for(here.crew[1]));
}

TEST_CASE("one that weighs nothing any more gives back what waits for it", "[desk]") {
  weights here(wp::select::weighted_round_robin({1, 1}));
  for (const wp::task_id id : ids{1, 2, 3, 4}) here.submit(id);
  here.desk.with_selection([](wp::select::weighted_round_robin& all) { all.set_weights({0, 1}); });
  CHECK(here.pull(0) == 0);
  ids all = here.pull_all(1);
  std::sort(all.begin(), all.end());
  CHECK(all == ids{1, 2, 3, 4});
}

TEST_CASE("where nobody weighs anything, all do: what was accepted has to run", "[desk]") {
  weights here(wp::select::weighted_round_robin({0, 0, 1}));
  here.submit(1);
  CHECK(here.desk.work_for(here.crew[0]));
  CHECK(here.pull(0) == 1);
}

TEST_CASE("what waits for a worker that is not ready any more is picked for again", "[desk]") {
  turns here;
  for (const wp::task_id id : ids{1, 2, 3}) here.submit(id);
  SECTION("it leaves") { here.crew[0].wanted = false; }
  SECTION("it is gone") { here.crew[0].happen(wp::detail::worker_event::end); }
  SECTION("it waits in the middle of a task") { here.crew[0].waits = 1; }
  CHECK(here.desk.work_for(here.crew[1]));
  ids all = here.pull_all(1);
  std::sort(all.begin(), all.end());
  CHECK(all == ids{1, 2, 3});
}

TEST_CASE("with nobody ready nothing is dispatched, and nothing lost", "[desk]") {
  turns here;
  for (thread_worker& one : here.crew.workers) one.wanted = false;
  here.submit(1);
  CHECK_FALSE(here.desk.work_for(here.crew[0]));
  CHECK(here.desk.work_in_sight());
  here.crew[1].wanted = true;
  CHECK(here.pull(1) == 1);
}

TEST_CASE("a strategy is shown what workers have in flight and have begun", "[desk]") {
  scripted::script lines;
  lines.pick = [](auto, const auto& one) { return one.id % 2; };
  bench<scripted> here({&lines});
  for (const wp::task_id id : ids{2, 3, 5}) here.submit(id);
  REQUIRE(lines.shown.size() == 2);
  CHECK(lines.shown[0].in_flight == 1);
  CHECK(lines.shown[1].in_flight == 1);
  CHECK(here.pull(1) == 3);
  here.submit(7);
  CHECK(lines.shown[1].in_flight == 2);  // what it has begun, and 5
  CHECK(lines.shown[1].completed == 0);
  CHECK(here.pull_all(1) == ids{5, 7});
  const auto work = here.busy(1);
  here.submit(4);
  CHECK(lines.shown[1].in_flight == 1);
  CHECK(lines.shown[1].completed == 3);
  CHECK(lines.shown[1].state == wp::worker_state::busy);
  CHECK(lines.shown[0].completed == 0);
}

TEST_CASE("a strategy that fails costs no task, and is told of once a second", "[desk]") {
  scripted::script lines;
  lines.pick = [](auto, const auto&) -> std::optional<std::size_t> { throw std::runtime_error("no idea"); };
  bench<scripted> here({&lines});
  std::vector<std::string> told;
  const auto heard = here.runner.hub().on<wp::event::strategy_fault>(
      [&](const wp::event::strategy_fault& one) { told.push_back(one.what); });
  for (const wp::task_id id : ids{1, 2, 3, 4}) here.submit(id);
  CHECK(here.pull_all(0) == ids{1, 3});
  CHECK(here.pull_all(1) == ids{2, 4});
  CHECK(told.size() == 1);
  wp::pool_stats now;
  here.desk.write_to(now);
  CHECK(now.strategy_faults == 4);
}

TEST_CASE("a strategy may submit and look at its pool", "[desk]") {
  scripted::script lines;
  bench<scripted> here({&lines});
  lines.pick = [&](auto, const auto& one) -> std::size_t {
    if (one.id == 1) {
      here.submit(2);
      here.desk.with_selection([](scripted&) {});
    }
    return 0;
  };
  here.submit(1);
  CHECK(here.pull_all(0) == ids{1, 2});
}

TEST_CASE("what waits for workers is found by a purge, dead ones too, by lane", "[desk]") {
  turns here;
  for (const wp::task_id id : ids{1, 2, 3}) here.submit(id);
  here.submit(4, priority::low);
  int found = 0;
  here.desk.empty_hands(priority::normal, [&](wp::task_ref&& one) {
    const wp::task_ref mine = std::move(one);
    found += mine.get()->withdraw(wp::outcome::cancelled) ? 1 : 0;
  });
  CHECK(found == 3);
  CHECK(here.pull_all(0).empty());
  CHECK(here.pull_all(1) == ids{4});
  CHECK(here.log.destroyed == 4);
}

TEST_CASE("a task that was withdrawn while it waited for its worker is passed over", "[desk]") {
  turns here;
  task* const one = here.make(1, priority::normal, 0);
  one->add_reference();
  if (here.tasks.try_push(wp::task_ref(one), priority::normal) != wp::push_status::accepted) throw "refused";
  here.desk.dispatch();
  here.submit(2);
  here.submit(3);
  CHECK(one->withdraw(wp::outcome::cancelled));
  here.tasks.forget(priority::normal);
  one->drop_reference();
  CHECK(here.pull_all(0) == ids{3});
  CHECK(here.pull_all(1) == ids{2});
  CHECK(here.tasks.size() == 0);
}

TEST_CASE("more than the workers get to is told to the crew", "[desk]") {
  turns here;
  here.submit(1);
  here.submit(2);
  CHECK(here.crew.crowds == 0);
  here.submit(3);
  CHECK(here.crew.crowds == 1);
}
