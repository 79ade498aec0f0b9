#include <workpool/core/task_state.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstdint>
#include <iterator>
#include <latch>
#include <set>
#include <thread>
#include <tuple>
#include <vector>

using namespace workpool::detail;
using workpool::outcome;

namespace {

using enum task_phase;
using enum task_event;

constexpr auto no_action = task_action::none;
constexpr auto run_it = task_action::run_body;
constexpr auto destroy_it = task_action::destroy_callable;
constexpr auto stop_it = task_action::signal_stop;
constexpr auto wake = task_action::wake_watchers;
constexpr auto resume = task_action::resume_follower;

enum class keeps : std::uint8_t { the_outcome, the_new_one };
enum class tells : std::uint8_t { nobody, who_asked };
enum class flag : std::uint8_t { none, stop, watch, follow, overdue, turn, handed };
enum class handed : std::uint8_t { no_matter, refuses, needed };

/// What is to happen in one phase at one event. `once`: the flag it sets also refuses it the second time.
/// `unless_stopped`: a request to stop refuses it. `again`: one attempt more has ended, and the next one has time.
/// `out`: what it makes of one that was handed out. `back`: afterwards it is not.
struct rule {
  task_event event;
  task_phase from;
  bool applies;
  task_phase to = queued;
  task_action action = no_action;
  tells who = tells::nobody;
  keeps outcome = keeps::the_outcome;
  flag sets = flag::none;
  bool once = false;
  bool unless_stopped = false;
  bool again = false;
  handed out = handed::no_matter;
  bool back = false;
};

constexpr rule table[] = {
    {start, queued, true, running, run_it, tells::nobody, keeps::the_outcome, flag::none, false, false, false,
     handed::no_matter, true},
    {start, running, false},
    {start, withdrawing, false},
    {start, settled, false},

    {hand_out, queued, true, queued, no_action, tells::nobody, keeps::the_outcome, flag::handed, false, false, false,
     handed::refuses},
    {hand_out, running, false},
    {hand_out, withdrawing, false},
    {hand_out, settled, false},

    {hand_back, queued, true, queued, no_action, tells::nobody, keeps::the_outcome, flag::none, false, false, false,
     handed::needed, true},
    {hand_back, running, false},
    {hand_back, withdrawing, false},
    {hand_back, settled, false},

    {take_back, queued, false},
    {take_back, running, true, queued, no_action, tells::nobody, keeps::the_outcome, flag::handed, false, true},
    {take_back, withdrawing, false},
    {take_back, settled, false},

    {withdraw, queued, true, withdrawing, destroy_it, tells::nobody, keeps::the_new_one, flag::none, false, false,
     false, handed::refuses},
    {withdraw, running, false},
    {withdraw, withdrawing, false},
    {withdraw, settled, false},

    {publish, queued, false},
    {publish, running, false},
    {publish, withdrawing, true, settled, no_action, tells::who_asked},
    {publish, settled, false},

    {finish, queued, false},
    {finish, running, true, settled, no_action, tells::who_asked, keeps::the_new_one},
    {finish, withdrawing, false},
    {finish, settled, false},

    {request_stop, queued, false},
    {request_stop, running, true, running, stop_it, tells::nobody, keeps::the_outcome, flag::stop, true},
    {request_stop, withdrawing, false},
    {request_stop, settled, false},

    {overrun, queued, false},
    {overrun, running, true, running, stop_it, tells::nobody, keeps::the_outcome, flag::overdue, true, true},
    {overrun, withdrawing, false},
    {overrun, settled, false},

    {put_back, queued, false},
    {put_back, running, true, queued, no_action, tells::nobody, keeps::the_new_one, flag::none, false, true, true},
    {put_back, withdrawing, false},
    {put_back, settled, false},

    {come_due, queued, true, queued, no_action, tells::who_asked, keeps::the_outcome, flag::turn},
    {come_due, running, true, running, no_action, tells::who_asked, keeps::the_outcome, flag::turn},
    {come_due, withdrawing, false},
    {come_due, settled, false},

    {watch, queued, true, queued, no_action, tells::nobody, keeps::the_outcome, flag::watch},
    {watch, running, true, running, no_action, tells::nobody, keeps::the_outcome, flag::watch},
    {watch, withdrawing, true, withdrawing, no_action, tells::nobody, keeps::the_outcome, flag::watch},
    {watch, settled, false},

    {follow, queued, true, queued, no_action, tells::nobody, keeps::the_outcome, flag::follow, true},
    {follow, running, true, running, no_action, tells::nobody, keeps::the_outcome, flag::follow, true},
    {follow, withdrawing, true, withdrawing, no_action, tells::nobody, keeps::the_outcome, flag::follow, true},
    {follow, settled, false},
};

constexpr task_event all_events[] = {start,        hand_out, hand_back, take_back, withdraw, publish, finish,
                                     request_stop, overrun,  put_back,  come_due,  watch,    follow};
constexpr task_phase all_phases[] = {queued, running, withdrawing, settled};
constexpr outcome all_outcomes[] = {outcome::value,     outcome::failed,      outcome::cancelled, outcome::expired,
                                    outcome::timed_out, outcome::worker_lost, outcome::discarded, outcome::pool_broken};

struct flags {
  bool stop, watched, followed, overdue, out;
  constexpr explicit flags(unsigned bits)
      : stop((bits & 1) != 0),
        watched((bits & 2) != 0),
        followed((bits & 4) != 0),
        overdue((bits & 8) != 0),
        out((bits & 16) != 0) {}
  static constexpr unsigned count = 32;
};

constexpr std::uint32_t turn_bit = task_state().turned_over().bits();

constexpr task_state make(task_phase phase, outcome result, flags set, std::uint32_t attempts) {
  task_state made = task_state().with(phase).with(result);
  for (std::uint32_t ended = 0; ended < attempts; ++ended) made = made.with_attempt();
  if (set.stop) made = made.with_stop();
  if (set.watched) made = made.with_watch();
  if (set.followed) made = made.with_follow();
  if (set.overdue) made = made.with_overdue();
  return made.handed(set.out);
}

constexpr bool reads_back(task_state made, task_phase phase, outcome result, flags set, std::uint32_t attempts) {
  return made.phase() == phase && made.outcome() == result && made.stop_requested() == set.stop &&
         made.watched() == set.watched && made.followed() == set.followed && made.overdue() == set.overdue &&
         made.handed_out() == set.out && made.attempts() == attempts &&
         task_state(made.bits()) == made;  // whichever way it is turned
}

constexpr bool reads_back(task_state made, task_phase phase, outcome result, bool stop, bool watched, bool followed) {
  return reads_back(made, phase, result, flags((stop ? 1U : 0U) | (watched ? 2U : 0U) | (followed ? 4U : 0U)), 0);
}

constexpr bool keeps_the_rule(const rule& expected, task_state now, flags set, outcome result) {
  const task_step step = transition(now, expected.event, result);
  const bool set_before = (expected.sets == flag::stop && set.stop) ||
                          (expected.sets == flag::follow && set.followed) ||
                          (expected.sets == flag::overdue && set.overdue);
  const bool not_so = (expected.out == handed::refuses && set.out) || (expected.out == handed::needed && !set.out);
  if (!expected.applies || not_so || (expected.once && set_before) || (expected.unless_stopped && set.stop)) {
    return !step.taken && step.next == now && step.actions == no_action;
  }
  task_action actions = expected.action;
  if (expected.who == tells::who_asked && set.watched) actions = actions | wake;
  if (expected.who == tells::who_asked && expected.sets != flag::turn && set.followed) actions = actions | resume;
  if (expected.sets == flag::turn && (step.next.bits() ^ now.bits()) != turn_bit) return false;
  flags then = set;
  then.stop = set.stop || expected.sets == flag::stop;
  then.watched = set.watched || expected.sets == flag::watch;
  then.followed = set.followed || expected.sets == flag::follow;
  then.overdue = (set.overdue || expected.sets == flag::overdue) && !expected.again;
  then.out = (set.out || expected.sets == flag::handed) && !expected.back;
  const bool as_before = expected.event == withdraw && result == outcome::expired && now.attempts() != 0;
  const bool is_new = expected.outcome == keeps::the_new_one && !as_before;
  return step.taken && step.actions == actions &&
         reads_back(step.next, expected.to, is_new ? result : now.outcome(), then,
                    now.attempts() + (expected.again ? 1U : 0U));
}

constexpr bool keeps_the_rule(const rule& expected) {
  for (const outcome before : all_outcomes) {
    for (unsigned bits = 0; bits < flags::count; ++bits) {
      for (std::uint32_t attempts = 0; attempts < 3; ++attempts) {
        const task_state now = make(expected.from, before, flags(bits), attempts);
        if (!reads_back(now, expected.from, before, flags(bits), attempts)) return false;
        for (const outcome result : all_outcomes) {
          if (!keeps_the_rule(expected, now, flags(bits), result)) return false;
        }
      }
    }
  }
  return true;
}

}  // namespace

TEST_CASE("the table of a task's life has one rule for each event in each phase") {
  for (const task_event event : all_events) {
    for (const task_phase phase : all_phases) {
      int rules = 0;
      for (const rule& one : table) rules += one.event == event && one.from == phase;
      CHECK(rules == 1);
    }
  }
}

TEST_CASE("a task's life keeps every rule of the table, whatever its outcome and flags") {
  for (const rule& one : table) {
    CAPTURE(static_cast<int>(one.event), static_cast<int>(one.from));
    CHECK(keeps_the_rule(one));
  }
}

TEST_CASE("a new task is queued, and nobody has asked anything") {
  STATIC_REQUIRE(reads_back(task_state(), queued, outcome::value, false, false, false));
  STATIC_REQUIRE(task_state().bits() == 0);
}

TEST_CASE("an event that does not exist changes nothing") {
  const task_step step = transition(task_state(), static_cast<task_event>(99), outcome::failed);
  CHECK_FALSE(step.taken);
  CHECK(step.next == task_state());
}

TEST_CASE("whatever happens in whatever order, a task settles once and stays as it settled") {
  struct life {
    task_state state;
    int bodies, drops, settlings;
    auto operator<=>(const life& other) const {
      return std::tuple(state.bits(), bodies, drops, settlings) <=>
             std::tuple(other.state.bits(), other.bodies, other.drops, other.settlings);
    }
  };
  std::vector<life> open{{}};
  std::set<life> seen{{}};
  std::set<outcome> ends;
  bool sound = true;
  while (!open.empty()) {
    const life now = open.back();
    open.pop_back();
    for (const task_event event : all_events) {
      for (const outcome result : all_outcomes) {
        const task_step step = transition(now.state, event, result);
        life next = now;
        next.state = step.next;
        next.bodies += has(step.actions, run_it);
        next.bodies -= step.taken && event == take_back;  // it was not run after all
        next.drops += has(step.actions, destroy_it);
        next.settlings += step.taken && step.next.phase() == settled;
        if (now.state.phase() == settled) sound = sound && !step.taken && step.next == now.state;
        const int attempts = static_cast<int>(next.state.attempts());
        if (attempts > 2) continue;  // as the second is to the first, so the third to the second
        if (next.settlings != (next.state.phase() == settled ? 1 : 0)) sound = false;
        if (next.bodies + next.drops > attempts + 1 || next.bodies < attempts) sound = false;
        if (next.settlings == 1 && next.bodies + next.drops != attempts + 1) sound = false;
        if (next.settlings == 1) ends.insert(next.state.outcome());
        if (step.taken && event == put_back && now.state.stop_requested()) sound = false;
        if (seen.insert(next).second) open.push_back(next);
      }
    }
  }
  CHECK(sound);
  CHECK(ends.size() == std::size(all_outcomes));
}

TEST_CASE("a task that expires between two attempts ends as the earlier one did, one that is cancelled is cancelled") {
  for (const outcome how : {outcome::failed, outcome::timed_out, outcome::worker_lost}) {
    std::atomic<std::uint32_t> word{0};
    REQUIRE(advance<start>(word).taken);
    REQUIRE(advance<put_back>(word, how).taken);
    CHECK(transition(task_state(word), withdraw, outcome::expired).next.outcome() == how);
    CHECK(transition(task_state(word), withdraw, outcome::cancelled).next.outcome() == outcome::cancelled);
    CHECK(transition(task_state(word), withdraw, outcome::discarded).next.outcome() == outcome::discarded);
  }
}

TEST_CASE("an attempt that overruns may be followed by another one, one that was asked to stop may not") {
  std::atomic<std::uint32_t> word{0};
  advance<start>(word);
  CHECK(advance<overrun>(word).actions == stop_it);
  CHECK_FALSE(advance<overrun>(word).taken);
  REQUIRE(advance<put_back>(word, outcome::timed_out).taken);
  CHECK_FALSE(task_state(word).overdue());
  advance<start>(word);
  CHECK(advance<request_stop>(word).actions == stop_it);
  CHECK_FALSE(advance<overrun>(word).taken);
  CHECK_FALSE(advance<put_back>(word, outcome::failed).taken);
  CHECK(task_state(word).attempts() == 1);
}

TEST_CASE("has finds a single action in a set of them") {
  STATIC_REQUIRE(has(wake | resume, wake));
  STATIC_REQUIRE(has(wake | resume, resume));
  STATIC_REQUIRE_FALSE(has(wake | resume, stop_it));
  STATIC_REQUIRE_FALSE(has(no_action, run_it));
}

TEST_CASE("advance does on the word what the table says, and leaves it alone when it refuses") {
  std::atomic<std::uint32_t> word{0};
  CHECK_FALSE(advance<finish>(word, outcome::failed).taken);
  CHECK(word == 0);
  CHECK(advance<watch>(word).taken);
  CHECK(advance<start>(word).actions == run_it);
  CHECK(advance<request_stop>(word).actions == stop_it);
  const std::uint32_t before = word;
  CHECK_FALSE(advance<withdraw>(word, outcome::cancelled).taken);
  CHECK(word == before);
  CHECK(advance<finish>(word, outcome::failed).actions == wake);
  CHECK(reads_back(task_state(word), settled, outcome::failed, true, true, false));
}

TEST_CASE("of all who start or withdraw one task exactly one succeeds, and no flag set meanwhile is lost") {
  constexpr int threads = 4, rounds = 2000;
  std::vector<std::atomic<std::uint32_t>> words(rounds);
  std::vector<std::atomic<int>> winners(rounds), followers(rounds);
  {
    std::latch begin(threads);
    std::vector<std::jthread> racing;
    for (int t = 0; t < threads; ++t) {
      racing.emplace_back([&, t] {
        begin.arrive_and_wait();
        for (std::size_t i = 0; i < rounds; ++i) {
          if (t % 2 == 0) advance<watch>(words[i]);
          if (t % 2 == 1 && advance<follow>(words[i]).taken) ++followers[i];
          const bool won =
              t % 2 == 0 ? advance<start>(words[i]).taken : advance<withdraw>(words[i], outcome::discarded).taken;
          if (won) ++winners[i];
        }
      });
    }
  }
  bool sound = true;
  for (std::size_t i = 0; i < rounds; ++i) {
    const task_state end(words[i]);
    const bool started = reads_back(end, running, outcome::value, false, true, true);
    const bool withdrawn = reads_back(end, withdrawing, outcome::discarded, false, true, true);
    if (winners[i] != 1 || followers[i] != 1 || started == withdrawn) sound = false;
  }
  CHECK(sound);
}
