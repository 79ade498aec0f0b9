#include <workpool/queue/priority_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <vector>

// How the workers of a pool take several elements at a time.

using workpool::on_full;
using workpool::outcome;
using workpool::priority;
using workpool::push_status;
using workpool::queue_options;
using workpool::task_id;
using workpool::task_ref;
using workpool_test::fake_pool;
using workpool_test::task_watch;
using queue_type = workpool::detail::basic_priority_queue<task_ref, workpool::detail::no_arrivals>;

static_assert(workpool::batching_task_queue<queue_type>);

namespace {

struct batch {
  std::vector<void*> pointers;
  priority lane{};
};

batch take_out(queue_type& queue, unsigned pick = 0, std::size_t consumers = 1, std::size_t most = 32) {
  batch taken;
  const std::size_t count =
      queue.take_out(pick, 0, consumers, most, [&](void* const* first, std::size_t n, priority lane) {
        taken.pointers.assign(first, first + n);
        taken.lane = lane;
      });
  REQUIRE(count == taken.pointers.size());
  return taken;
}

batch take_out_before(queue_type& queue, priority lane, unsigned pick = 0) {
  batch taken;
  queue.take_out_before(lane, pick, [&](void* one, priority of) { taken = {{one}, of}; });
  return taken;
}

/// Gives: the ids of what is still alive.
std::vector<task_id> claim_all(queue_type& queue, const batch& taken) {
  std::vector<task_id> ids;
  for (void* const pointer : taken.pointers) {
    if (std::optional<task_ref> one = queue.claim(pointer, taken.lane)) {
      ids.push_back(one->get()->id());
      one->get()->finish(outcome::value);
    }
  }
  return ids;
}

std::vector<task_watch> put(fake_pool<queue_type>& pool, priority lane, std::size_t count) {
  std::vector<task_watch> tasks;
  for (std::size_t n = 0; n < count; ++n) tasks.push_back(pool.put(lane));
  return tasks;
}

}  // namespace

TEST_CASE("a consumer takes half of its share, at least one and at most 32, in order") {
  for (const std::size_t consumers : {1U, 2U, 4U}) {
    for (const std::size_t waiting : {1U, 2U, 3U, 8U, 63U, 64U, 1000U}) {
      fake_pool<queue_type> pool({});
      const auto tasks = put(pool, priority::normal, waiting);
      const batch taken = take_out(pool.queue, 0, consumers);
      REQUIRE(taken.lane == priority::normal);
      REQUIRE(taken.pointers.size() == std::clamp<std::size_t>(waiting / (2 * consumers), 1, 32));
      const std::vector<task_id> ids = claim_all(pool.queue, taken);
      for (std::size_t n = 0; n < ids.size(); ++n) REQUIRE(ids[n] == tasks[n].id());
    }
  }
}

TEST_CASE("a consumer takes no more than it asks for") {
  for (const std::size_t most : {1U, 2U, 16U}) {
    fake_pool<queue_type> pool({});
    const auto tasks = put(pool, priority::low, 1000);
    const batch taken = take_out(pool.queue, 0, 1, most);
    CHECK(taken.pointers.size() == most);
    claim_all(pool.queue, taken);
  }
}

TEST_CASE("of the urgent lanes one is taken at a time, and the most urgent first") {
  fake_pool<queue_type> pool({.aging = 0});
  const auto low = put(pool, priority::low, 100);
  const auto normal = put(pool, priority::normal, 100);
  const auto high = put(pool, priority::high, 10);
  const auto critical = put(pool, priority::critical, 10);
  for (int n = 0; n < 10; ++n) REQUIRE(claim_all(pool.queue, take_out(pool.queue)).size() == 1);
  for (const task_watch& one : critical) CHECK_FALSE(one.waiting());
  for (const task_watch& one : high) CHECK(one.waiting());
  for (int n = 0; n < 10; ++n) REQUIRE(claim_all(pool.queue, take_out(pool.queue)).size() == 1);
  for (const task_watch& one : high) CHECK_FALSE(one.waiting());
  const batch next = take_out(pool.queue);
  CHECK(next.lane == priority::normal);
  CHECK(next.pointers.size() == 32);
  claim_all(pool.queue, next);
}

TEST_CASE("every aging-th pick begins at the lowest lane, before a batch as well") {
  fake_pool<queue_type> pool({.aging = 3});
  const auto low = put(pool, priority::low, 4);
  const auto normal = put(pool, priority::normal, 4);
  const batch before = take_out_before(pool.queue, priority::normal, 2);
  CHECK(before.lane == priority::low);
  CHECK(claim_all(pool.queue, before) == std::vector{low[0].id()});
  CHECK(take_out_before(pool.queue, priority::normal, 1).pointers.empty());
  CHECK(take_out_before(pool.queue, priority::low, 2).pointers.empty());  // it has begun at the lowest already
  const batch aged = take_out(pool.queue, 5);
  CHECK(aged.lane == priority::low);
  claim_all(pool.queue, aged);
}

TEST_CASE("what is urgent comes before a batch goes on, one at a time") {
  fake_pool<queue_type> pool({});
  const auto normal = put(pool, priority::normal, 1);
  CHECK(take_out_before(pool.queue, priority::normal).pointers.empty());
  const auto high = put(pool, priority::high, 2);
  const auto critical = put(pool, priority::critical, 1);
  CHECK(claim_all(pool.queue, take_out_before(pool.queue, priority::low)) == std::vector{critical[0].id()});
  CHECK(claim_all(pool.queue, take_out_before(pool.queue, priority::low)) == std::vector{high[0].id()});
  CHECK(claim_all(pool.queue, take_out_before(pool.queue, priority::low)) == std::vector{high[1].id()});
  CHECK(take_out_before(pool.queue, priority::normal).pointers.empty());
}

TEST_CASE("what is urgent is still seen after a purge, a sweep, and other ways out") {
  fake_pool<queue_type> pool({});
  auto dead = put(pool, priority::high, 3000);
  for (task_watch& one : dead) one.cancel();
  const auto sweeps = put(pool, priority::high, 1);  // the push that sweeps
  CHECK(pool.queue.physical_length() < 3000);
  put(pool, priority::critical, 10);
  pool.queue.purge(priority::critical, [](task_ref&& one) { one.get()->withdraw(outcome::cancelled); });
  std::vector<task_id> seen;
  for (batch next = take_out_before(pool.queue, priority::normal); !next.pointers.empty();
       next = take_out_before(pool.queue, priority::normal)) {
    for (const task_id id : claim_all(pool.queue, next)) seen.push_back(id);
  }
  CHECK(seen == std::vector{sweeps[0].id()});
  CHECK(pool.queue.physical_length() == 0);
}

TEST_CASE("a producer that keeps its lane full does not keep others waiting") {
  fake_pool<queue_type> pool({});
  const auto many = put(pool, priority::normal, 1000);
  std::vector<task_watch> few;  // of a thread with a slot of its own, perhaps the same one
  for (std::size_t thread = 0; thread < 64; ++thread) {
    std::thread([&] { few.push_back(pool.put(priority::normal)); }).join();
  }
  unsigned turn = 0;
  for (std::size_t n = 0; n < 64; ++n) {
    pool.queue.take_out(0, turn++, 1, 1, [&](void* const* first, std::size_t, priority lane) {
      if (auto one = pool.queue.claim(*first, lane)) one->get()->finish(outcome::value);
    });
    put(pool, priority::normal, 1);
  }
  const auto served = std::count_if(few.begin(), few.end(), [](const task_watch& one) { return !one.waiting(); });
  if (workpool::detail::lane_set::default_slots() > 1) CHECK(served >= 16);
}

TEST_CASE("with fifo, and where the oldest may have to be dropped, one is taken at a time") {
  const queue_options options =
      GENERATE(queue_options{.fifo = true}, queue_options{.capacity = 1000, .on_full = on_full::drop_oldest});
  fake_pool<queue_type> pool(options);
  const auto tasks = put(pool, priority::normal, 200);
  CHECK(claim_all(pool.queue, take_out(pool.queue)) == std::vector{tasks[0].id()});
}

TEST_CASE("what is taken out and not claimed keeps its place") {
  fake_pool<queue_type> pool({.capacity = 8, .on_full = on_full::reject});
  auto tasks = put(pool, priority::normal, 8);
  const batch taken = take_out(pool.queue);
  REQUIRE(taken.pointers.size() == 4);
  task_ref more = pool.make(priority::normal);
  CHECK(pool.push(more) == push_status::full);
  CHECK(pool.queue.size() == 8);

  CHECK(tasks[1].cancel() == workpool::cancel_result::dequeued);
  CHECK(pool.push(more) == push_status::accepted);  // its place is free at once
  CHECK(pool.queue.size() == 8);

  CHECK(claim_all(pool.queue, taken) == std::vector{tasks[0].id(), tasks[2].id(), tasks[3].id()});
  CHECK(pool.queue.size() == 5);
}

TEST_CASE("what is put aside can be withdrawn, and its place is free") {
  fake_pool<queue_type> pool({.capacity = 2, .on_full = on_full::reject});
  const auto tasks = put(pool, priority::low, 2);
  const batch taken = take_out(pool.queue);
  REQUIRE(taken.pointers.size() == 1);
  {
    const task_ref one = pool.queue.put_aside(taken.pointers[0], taken.lane);
    CHECK(one.waiting());
    CHECK(one.get()->withdraw(outcome::cancelled));
  }
  CHECK(tasks[0].settled_as(outcome::cancelled));
  CHECK(pool.queue.size() == 1);
}

TEST_CASE("no purge slips in between taking out and what the taker does with it") {
  for (int round = 0; round < 200; ++round) {
    fake_pool<queue_type> pool({});
    const auto tasks = put(pool, priority::normal, 40);
    std::atomic<std::size_t> in_hand{0};
    std::size_t purged = 0;
    std::thread taker([&] {
      pool.queue.take_out(0, 0, 1, 32, [&](void* const* first, std::size_t count, priority lane) {
        std::this_thread::yield();
        for (std::size_t n = 0; n < count; ++n) pool.queue.put_aside(first[n], lane);
        in_hand = count;
      });
    });
    pool.queue.purge(priority::normal, [&](task_ref&& one) {
      ++purged;
      one.get()->withdraw(outcome::cancelled);
    });
    const std::size_t seen = in_hand;  // either all of the batch is there, or the purge came first and took everything
    taker.join();
    REQUIRE(purged + in_hand == 40);
    REQUIRE(seen == in_hand);
  }
}
