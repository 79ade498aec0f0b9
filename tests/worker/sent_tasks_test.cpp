#include <workpool/worker/sent_tasks.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>
#include <workpool/core/priority.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using wp::detail::sent_task;
using wp::detail::sent_tasks;

namespace {

/// Three of them, numbered from 1 on.
struct three {
  three() {
    wp::task_id next = 1;
    for (auto* const each : {&first, &second, &third}) {
      each->describe_as(next, wp::priority::normal);
      sent.push({.one = each, .id = next++});
    }
  }
  std::vector<wp::task_id> take_from(std::uint64_t at) {
    std::vector<wp::task_id> taken;
    sent.take_from(at, [&](const sent_task& each) {
      CHECK(each.one != nullptr);
      taken.push_back(each.id);
    });
    return taken;
  }

  workpool_test::probe_log log;
  workpool_test::probe_task first{log}, second{log}, third{log};
  sent_tasks sent;
};

using ids = std::vector<wp::task_id>;

}  // namespace

TEST_CASE("what was sent first is current, and answered first") {
  three one;
  CHECK(one.sent.wanted() == 3);
  CHECK(one.sent.current()->one == &one.first);
  CHECK(one.sent.front()->id == 1);
  CHECK(one.sent.pop().id == 1);
  CHECK(one.sent.current()->one == &one.second);
  CHECK(one.sent.wanted() == 2);
}

TEST_CASE("nothing was sent: nothing is current") {
  sent_tasks none;
  CHECK((none.current() == nullptr && none.front() == nullptr));
  CHECK((none.wanted() == 0 && none.before_current() == 0));
}

TEST_CASE("what is taken back stays until it is answered, and what is sent after that is current then") {
  three one;
  CHECK(one.take_from(1) == ids{2, 3});
  CHECK(one.sent.wanted() == 1);
  CHECK(one.sent.pop().one == &one.first);
  CHECK(one.sent.current() == nullptr);
  CHECK((one.sent.front()->id == 2 && one.sent.front()->one == nullptr));
  one.sent.push({.one = &one.second, .id = 2, .turn = 1});
  CHECK(one.sent.current()->turn == 1);
  CHECK(one.sent.before_current() == 2);
  CHECK(one.sent.pop().turn == 0);
  CHECK(one.sent.pop().one == nullptr);
  CHECK(one.sent.before_current() == 0);
  CHECK(one.sent.pop().one == &one.second);
}

TEST_CASE("how many are not taken back counts those that were taken back before, too") {
  three one;
  CHECK(one.take_from(2) == ids{3});
  workpool_test::probe_task fourth{one.log};
  one.sent.push({.one = &fourth, .id = 4});
  CHECK(one.take_from(3) == ids{4});
  CHECK(one.take_from(0) == ids{1, 2});
  CHECK(one.take_from(0).empty());
}

TEST_CASE("one that is taken by itself leaves its place to nobody") {
  three one;
  CHECK(one.sent.take(*one.sent.current()).one == &one.first);
  CHECK(one.sent.current()->one == &one.second);
  CHECK(one.sent.front()->one == nullptr);
}

TEST_CASE("a task is found as long as it is wanted") {
  three one;
  CHECK(one.sent.find(one.third)->id == 3);
  one.take_from(2);
  CHECK(one.sent.find(one.third) == nullptr);
}

TEST_CASE("less urgent ones are looked for behind the current one") {
  three one;
  CHECK(one.sent.any_ahead_below(wp::priority::high));
  CHECK_FALSE(one.sent.any_ahead_below(wp::priority::normal));
  one.take_from(1);
  CHECK_FALSE(one.sent.any_ahead_below(wp::priority::high));
}
