#include <workpool/queue/task_queue.hpp>

#include <workpool/queue/fifo_queue.hpp>
#include <workpool/queue/priority_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#if __has_include(<rapidcheck.h>)
#include <rapidcheck.h>

// Random sequences of calls, beside a model of four std::deques.

namespace {

using workpool::on_full;
using workpool::outcome;
using workpool::priority;
using workpool::push_status;
using workpool::task_id;
using workpool::task_ref;
using workpool_test::fake_pool;
using workpool_test::task_watch;

/// What a queue of tasks should be: the ids of each lane, in order.
class four_deques {
 public:
  explicit four_deques(const workpool::queue_options& options) : options_(options) {}

  // Gives: the status, and the task dropped to make room.
  std::pair<push_status, std::optional<task_id>> push(task_id id, std::size_t lane, bool drops_by_age) {
    if (closed_) return {push_status::closed, std::nullopt};
    std::optional<task_id> dropped;
    if (options_.capacity != 0 && size() == options_.capacity) {
      if (options_.on_full != on_full::drop_oldest) return {push_status::full, std::nullopt};
      dropped = take(drops_by_age ? oldest() : lowest());
    }
    lanes_[lane].push_back(id);
    return {push_status::accepted, dropped};
  }

  // Every call counts for aging.
  std::optional<task_id> pop_by_lane() {
    const bool tick = options_.aging != 0 && ++pops_ % options_.aging == 0;
    if (size() == 0) return std::nullopt;
    return take(tick ? lowest() : highest());
  }

  std::optional<task_id> pop_by_age() {
    if (size() == 0) return std::nullopt;
    return take(oldest());
  }

  void cancel(task_id id) {
    for (auto& lane : lanes_) std::erase(lane, id);
  }

  std::vector<task_id> purge(std::size_t lane) {
    std::vector<task_id> removed(lanes_[lane].begin(), lanes_[lane].end());
    lanes_[lane].clear();
    return removed;
  }

  void close() { closed_ = true; }

  std::array<std::size_t, 4> sizes() const {
    return {lanes_[0].size(), lanes_[1].size(), lanes_[2].size(), lanes_[3].size()};
  }
  std::size_t size() const { return lanes_[0].size() + lanes_[1].size() + lanes_[2].size() + lanes_[3].size(); }

 private:
  std::size_t highest() const {
    std::size_t lane = 0;
    while (lanes_[lane].empty()) ++lane;
    return lane;
  }
  std::size_t lowest() const {
    std::size_t lane = 3;
    while (lanes_[lane].empty()) --lane;
    return lane;
  }
  std::size_t oldest() const {
    std::size_t found = highest();
    for (std::size_t lane = 0; lane < 4; ++lane) {
      if (!lanes_[lane].empty() && lanes_[lane].front() < lanes_[found].front()) found = lane;
    }
    return found;
  }
  task_id take(std::size_t lane) {
    const task_id id = lanes_[lane].front();
    lanes_[lane].pop_front();
    return id;
  }

  workpool::queue_options options_;
  std::array<std::deque<task_id>, 4> lanes_;
  unsigned pops_ = 0;
  bool closed_ = false;
};

enum class call { push, push_and_cancel, pop, cancel, purge, close };

// Weighted by hand: pushes and cancels dominate, so that sweeps happen; a close is rare.
call call_of(unsigned number) {
  constexpr std::array calls{
      call::push, call::push, call::push,   call::push_and_cancel, call::push_and_cancel, call::push_and_cancel,
      call::pop,  call::pop,  call::cancel, call::cancel,          call::cancel};
  if (number % 200 == 199) return call::close;
  if (number % 50 == 49) return call::purge;
  return calls[number % calls.size()];
}

template <class Queue>
class comparison {
 public:
  comparison(const workpool::queue_options& options, bool by_age)
      : capacity_(options.capacity), by_age_(by_age), model_(options), pool_(options) {}

  void step(unsigned number, unsigned choice) {
    const std::size_t lane = choice % 4;
    switch (call_of(number)) {
      case call::push:
        push(lane);
        break;
      case call::push_and_cancel:
        if (const auto id = push(lane)) cancel(*id);
        break;
      case call::pop:
        pop();
        break;
      case call::cancel:
        if (!waiting_.empty()) cancel(std::next(waiting_.begin(), choice % unsigned(waiting_.size()))->first);
        break;
      case call::purge:
        purge(lane);
        break;
      case call::close:
        model_.close();
        pool_.queue.close();
        break;
    }
    RC_ASSERT(pool_.queue.sizes() == model_.sizes());
    RC_ASSERT(pool_.queue.size() == model_.size());
    if (capacity_ != 0) RC_ASSERT(pool_.queue.physical_length() <= 2 * capacity_);
  }

  void drain() {
    while (model_.size() != 0) pop();
    RC_ASSERT(!pool_.queue.try_pop());
  }

 private:
  std::optional<task_id> push(std::size_t lane) {
    task_ref one = pool_.make(static_cast<priority>(lane));
    task_watch watch(one);
    const task_id id = watch.id();
    const auto [expected, dropped] = model_.push(id, lane, by_age_);
    RC_ASSERT(pool_.push(one) == expected);
    RC_ASSERT(bool(one) == (expected != push_status::accepted));
    if (dropped) {
      RC_ASSERT(waiting_.at(*dropped).settled_as(outcome::discarded));
      waiting_.erase(*dropped);
    }
    if (expected != push_status::accepted) return std::nullopt;
    waiting_.emplace(id, std::move(watch));
    return id;
  }

  void pop() {
    const auto expected = by_age_ ? model_.pop_by_age() : model_.pop_by_lane();
    const auto popped = pool_.queue.try_pop();
    RC_ASSERT(popped.has_value() == expected.has_value());
    if (!popped) return;
    RC_ASSERT(popped->get()->id() == *expected);
    waiting_.erase(*expected);
  }

  void cancel(task_id id) {
    model_.cancel(id);
    RC_ASSERT(waiting_.at(id).cancel() == workpool::cancel_result::dequeued);
    waiting_.erase(id);
  }

  void purge(std::size_t lane) {
    std::vector<task_id> purged;
    pool_.queue.purge(static_cast<priority>(lane), [&](task_ref&& one) {
      const task_ref mine = std::move(one);
      purged.push_back(mine.get()->id());
      mine.get()->withdraw(outcome::cancelled);
    });
    RC_ASSERT(purged == model_.purge(lane));
    for (const task_id id : purged) waiting_.erase(id);
  }

  std::size_t capacity_;
  bool by_age_;
  four_deques model_;
  std::map<task_id, task_watch> waiting_;
  fake_pool<Queue> pool_;
};

template <class Queue>
bool agrees_with_the_model(const char* name, bool by_age) {
  return rc::check(name, [by_age] {
    const auto policy = *rc::gen::element(on_full::block, on_full::reject, on_full::drop_oldest);
    workpool::queue_options options{.capacity = *rc::gen::inRange<std::size_t>(0, 9), .on_full = policy};
    options.aging = *rc::gen::inRange(0U, 5U);
    options.fifo = *rc::gen::arbitrary<bool>();
    comparison<Queue> both(options, by_age);
    for (const auto& [number, choice] : *rc::gen::arbitrary<std::vector<std::pair<unsigned, unsigned>>>()) {
      both.step(number, choice);
    }
    both.drain();
  });
}

}  // namespace

TEST_CASE("whatever is called, a priority_queue does what four deques would do") {
  CHECK(agrees_with_the_model<workpool::priority_queue<task_ref>>("priority_queue and four deques", false));
}

TEST_CASE("whatever is called, a fifo_queue does what one line would do") {
  CHECK(agrees_with_the_model<workpool::fifo_queue<task_ref>>("fifo_queue and a line", true));
}

#endif
