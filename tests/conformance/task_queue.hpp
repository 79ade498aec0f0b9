#pragma once

#include <workpool/queue/task_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

/// The promises of a task_queue, to be kept by every model.
///
/// A model is a family: `template <class T> using queue = …;`, a static `options(queue_options)` that may add to the
/// options, and `drops_by_age`: whether drop_oldest looks at age alone, or at the lowest lane first. Before this file
/// is included, `task_queue_models` (all), `blocking_models` and `forgetting_models` name the families, in one file
/// only. Promises about waiting pops are checked on blocking_models, those about withdrawn elements that leave their
/// places at once on forgetting_models.
namespace workpool_test {

using workpool::duration;
using workpool::on_full;
using workpool::outcome;
using workpool::priority;
using workpool::push_status;
using workpool::queue_options;
using workpool::task_ref;

inline constexpr std::array<priority, 4> all_lanes{priority::critical, priority::high, priority::normal, priority::low};
using lane_sizes = std::array<std::size_t, 4>;

template <class Family, class T>
using queue_of = typename Family::template queue<T>;

template <class Queue>
auto pop_all(Queue& queue) {
  std::vector<typename Queue::value_type> all;
  while (auto one = queue.try_pop()) all.push_back(std::move(*one));
  return all;
}

template <class Queue>
std::vector<workpool::task_id> pop_all_ids(Queue& queue) {
  std::vector<workpool::task_id> ids;
  while (auto one = queue.try_pop()) ids.push_back(one->get()->id());
  return ids;
}

inline std::vector<workpool::task_id> ids_of(const std::vector<task_watch>& watched) {
  std::vector<workpool::task_id> ids;
  for (const task_watch& one : watched) ids.push_back(one.id());
  return ids;
}

/// Says by which producer and as what this was pushed.
struct stamped {
  std::size_t producer = 0;
  std::size_t number = 0;
  friend bool operator==(const stamped&, const stamped&) = default;
};

/// Counts how many of it are alive and not moved from.
class counted {
 public:
  explicit counted(std::atomic<int>& alive) : alive_(&alive) { ++alive; }
  counted(counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  counted& operator=(counted&& other) noexcept {
    std::swap(alive_, other.alive_);
    return *this;
  }
  ~counted() {
    if (alive_ != nullptr) --*alive_;
  }

 private:
  std::atomic<int>* alive_;
};

/// Throws from its move constructor while `moves_left` is 0; -1: never.
struct throwing {
  explicit throwing(int number, int& moves) : value(number), moves_left(&moves) {}
  throwing(throwing&& other) : value(other.value), moves_left(other.moves_left) {
    if (*moves_left == 0) throw std::runtime_error("no move");
    if (*moves_left > 0) --*moves_left;
    other.value = -1;
  }
  throwing& operator=(throwing&& other) noexcept {
    value = std::exchange(other.value, -1);
    return *this;
  }
  int value;
  int* moves_left;
};

/// Calls back whenever it is moved or destroyed.
class nosy {
 public:
  using callback = void (*)(void*) noexcept;
  nosy(callback call, void* context) : call_(call), context_(context) {}
  nosy(nosy&& other) noexcept : call_(other.call_), context_(other.context_) { call_(context_); }
  nosy& operator=(nosy&& other) noexcept {
    call_ = other.call_;
    context_ = other.context_;
    call_(context_);
    return *this;
  }
  ~nosy() { call_(context_); }

 private:
  callback call_;
  void* context_;
};

/// A withdrawable element that counts how often somebody asks whether one still waits.
class counting_ref {
 public:
  struct node {
    bool waiting() const noexcept {
      ++asked;
      return true;
    }
  };
  static inline int asked = 0;

  explicit counting_ref(node* one) noexcept : node_(one) {}
  counting_ref(counting_ref&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  counting_ref& operator=(counting_ref&& other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~counting_ref() { delete node_; }
  bool take() noexcept { return true; }
  bool waiting() const noexcept { return node_->waiting(); }
  node* get() const noexcept { return node_; }
  node* release() noexcept { return std::exchange(node_, nullptr); }

 private:
  node* node_;
};

template <class Family>
queue_options bounded(std::size_t capacity, on_full policy = on_full::block) {
  return Family::options({.capacity = capacity, .on_full = policy});
}

}  // namespace workpool_test

// ── one thread ──────────────────────────────────────────────────────────────────────────────────────────────────────

TEMPLATE_LIST_TEST_CASE("a new queue holds nothing and pops nothing", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(TestType::options({}));
  CHECK(queue.size() == 0);
  CHECK(queue.sizes() == lane_sizes{});
  CHECK_FALSE(queue.try_pop());
}

TEMPLATE_LIST_TEST_CASE("an overflow policy that does not exist is refused", "", task_queue_models) {
  using namespace workpool_test;
  using queue = queue_of<TestType, int>;
  CHECK_THROWS_AS(queue({.on_full = static_cast<on_full>(9)}), workpool::bad_config);
}

TEMPLATE_LIST_TEST_CASE("a full queue leaves a refused element untouched", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, std::unique_ptr<int>> queue(bounded<TestType>(1, on_full::reject));
  REQUIRE(queue.try_push(std::make_unique<int>(1), priority::low) == push_status::accepted);
  auto second = std::make_unique<int>(2);
  int* const address = second.get();
  CHECK(queue.try_push(std::move(second), priority::critical) == push_status::full);
  CHECK(second.get() == address);
  CHECK(queue.push_for(std::move(second), priority::critical, duration(-1)) == push_status::full);
  CHECK(second.get() == address);
  CHECK(queue.size() == 1);
}

TEMPLATE_LIST_TEST_CASE("a queue that stays full refuses when the time is up, and not before", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, std::unique_ptr<int>> queue(bounded<TestType>(1));
  REQUIRE(queue.try_push(std::make_unique<int>(1), priority::low) == push_status::accepted);
  auto second = std::make_unique<int>(2);
  int* const address = second.get();
  const auto limit = std::chrono::milliseconds(3);
  const auto begin = workpool::steady::now();
  CHECK(queue.push_for(std::move(second), priority::critical, limit) == push_status::full);
  CHECK(workpool::steady::now() - begin >= limit);
  CHECK(second.get() == address);
}

TEMPLATE_LIST_TEST_CASE("a closed queue leaves a refused element untouched", "", task_queue_models) {
  using namespace workpool_test;
  const std::size_t capacity = GENERATE(0U, 1U);
  queue_of<TestType, std::unique_ptr<int>> queue(bounded<TestType>(capacity));
  queue.close();
  queue.close();
  auto one = std::make_unique<int>(1);
  int* const address = one.get();
  CHECK(queue.try_push(std::move(one), priority::normal) == push_status::closed);
  CHECK(queue.push_for(std::move(one), priority::normal, duration::max()) == push_status::closed);
  CHECK(one.get() == address);
  CHECK(queue.size() == 0);
}

TEMPLATE_LIST_TEST_CASE("an element that cannot be moved in stays the caller's and takes no place", "",
                        task_queue_models) {
  using namespace workpool_test;
  int moves_left = -1;
  queue_of<TestType, throwing> queue(bounded<TestType>(1, on_full::reject));
  throwing one(7, moves_left);
  moves_left = 0;
  CHECK_THROWS_AS(queue.try_push(std::move(one), priority::normal), std::runtime_error);
  CHECK(one.value == 7);
  CHECK(queue.size() == 0);
  moves_left = -1;
  REQUIRE(queue.try_push(std::move(one), priority::normal) == push_status::accepted);
  const auto popped = queue.try_pop();
  REQUIRE(popped);
  CHECK(popped->value == 7);
}

TEMPLATE_LIST_TEST_CASE("pops drain a closed queue and then fail", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(TestType::options({}));
  for (const priority lane : all_lanes) REQUIRE(queue.try_push(1, lane) == push_status::accepted);
  queue.close();
  CHECK(queue.size() == 4);
  CHECK(pop_all(queue).size() == 4);
  CHECK_FALSE(queue.try_pop());
  CHECK(queue.size() == 0);
}

TEMPLATE_LIST_TEST_CASE("each lane counts its own elements", "", task_queue_models) {
  using namespace workpool_test;
  const std::size_t capacity = GENERATE(0U, 10U);
  queue_of<TestType, int> queue(bounded<TestType>(capacity));
  for (const priority lane : all_lanes) {
    for (std::size_t i = 0; i <= lane_index(lane); ++i) queue.try_push(int(i), lane);
  }
  CHECK(queue.sizes() == lane_sizes{1, 2, 3, 4});
  CHECK(queue.size() == 10);
  queue.purge(priority::normal, [](int&&) {});
  CHECK(queue.sizes() == lane_sizes{1, 2, 0, 4});
  CHECK(pop_all(queue).size() == 7);
  CHECK(queue.sizes() == lane_sizes{});
}

TEMPLATE_LIST_TEST_CASE("what one thread pushes into one lane comes out in that order", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, stamped> queue(TestType::options({}));
  for (std::size_t i = 0; i < 1000; ++i) queue.try_push({i % 4, i}, all_lanes[i % 4]);
  std::array<std::size_t, 4> next{0, 1, 2, 3};
  for (const stamped& one : pop_all(queue)) {
    REQUIRE(one.number == next[one.producer]);
    next[one.producer] += 4;
  }
  CHECK(next == std::array<std::size_t, 4>{1000, 1001, 1002, 1003});
}

TEMPLATE_LIST_TEST_CASE("a popped element makes room for one more", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(bounded<TestType>(2, on_full::reject));
  for (int round = 0; round < 50; ++round) {
    REQUIRE(queue.try_push(1, priority::high) == push_status::accepted);
    REQUIRE(queue.try_push(2, priority::low) == push_status::accepted);
    REQUIRE(queue.try_push(3, priority::critical) == push_status::full);
    REQUIRE(pop_all(queue).size() == 2);
  }
}

TEMPLATE_LIST_TEST_CASE("drop_oldest makes room by throwing away the oldest", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(bounded<TestType>(3, on_full::drop_oldest));
  for (int i = 0; i < 10; ++i) {
    REQUIRE(queue.try_push(int(i), priority::normal) == push_status::accepted);
    REQUIRE(queue.size() == std::size_t(std::min(i + 1, 3)));
  }
  CHECK(pop_all(queue) == std::vector<int>{7, 8, 9});
}

TEMPLATE_LIST_TEST_CASE("drop_oldest spares the lanes above the lowest one that holds something", "",
                        task_queue_models) {
  using namespace workpool_test;
  if constexpr (!TestType::drops_by_age) {
    queue_of<TestType, int> queue(bounded<TestType>(4, on_full::drop_oldest));
    queue.try_push(1, priority::critical);
    queue.try_push(2, priority::normal);
    queue.try_push(3, priority::low);
    queue.try_push(4, priority::low);
    const auto after_pushing_a_critical_one = [&] {
      queue.try_push(5, priority::critical);
      return queue.sizes();
    };
    CHECK(after_pushing_a_critical_one() == lane_sizes{2, 0, 1, 1});
    CHECK(after_pushing_a_critical_one() == lane_sizes{3, 0, 1, 0});
    CHECK(after_pushing_a_critical_one() == lane_sizes{4, 0, 0, 0});
    CHECK(after_pushing_a_critical_one() == lane_sizes{4, 0, 0, 0});
    CHECK(pop_all(queue) == std::vector<int>{5, 5, 5, 5});
  }
}

TEMPLATE_LIST_TEST_CASE("a dropped task ends discarded", "", task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(1, on_full::drop_oldest));
  const task_watch first = pool.put();
  const task_watch second = pool.put();
  CHECK(first.settled_as(outcome::discarded));
  CHECK(second.waiting());
  CHECK(pool.withdrawn_as(outcome::discarded) == 1);
  CHECK(pool.queue.size() == 1);
  CHECK(pop_all_ids(pool.queue) == std::vector<workpool::task_id>{second.id()});
}

TEMPLATE_LIST_TEST_CASE("drop_oldest frees a place even where everything that waits is dead", "", task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(2, on_full::drop_oldest));
  std::vector<task_watch> watched;
  for (int i = 0; i < 10; ++i) {
    watched.push_back(pool.put());
    watched.back().cancel();
  }
  const task_watch last = pool.put();
  CHECK(pool.withdrawn_as(outcome::cancelled) == 10);
  CHECK(pool.withdrawn_as(outcome::discarded) == 0);
  CHECK(pop_all_ids(pool.queue) == std::vector<workpool::task_id>{last.id()});
}

TEMPLATE_LIST_TEST_CASE("purge hands over one lane in its order and makes room", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(bounded<TestType>(6, on_full::reject));
  for (int i = 0; i < 6; ++i) queue.try_push(int(i), i % 2 == 0 ? priority::high : priority::low);
  std::vector<int> purged;
  queue.purge(priority::high, [&](int&& one) { purged.push_back(one); });
  CHECK(purged == std::vector<int>{0, 2, 4});
  CHECK(queue.sizes() == lane_sizes{0, 0, 0, 3});
  for (int i = 0; i < 3; ++i) CHECK(queue.try_push(9, priority::normal) == push_status::accepted);
  CHECK(queue.try_push(9, priority::normal) == push_status::full);
}

TEMPLATE_LIST_TEST_CASE("a visitor that throws ends a purge, and every place is free", "", task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(3, on_full::reject));
  const std::array<task_watch, 3> watched{pool.put(priority::high), pool.put(priority::high), pool.put(priority::high)};
  const auto visit = [](task_ref&& one) {
    task_ref(std::move(one)).get()->withdraw(outcome::cancelled);
    throw std::runtime_error("enough");
  };
  CHECK_THROWS_WITH(pool.queue.purge(priority::high, visit), "enough");
  CHECK(watched[0].settled_as(outcome::cancelled));
  CHECK(watched[1].settled_as(outcome::discarded));
  CHECK(watched[2].settled_as(outcome::discarded));
  CHECK(pool.queue.size() == 0);
  for (int i = 0; i < 3; ++i) pool.put();
  CHECK(pool.queue.size() == 3);
}

TEMPLATE_LIST_TEST_CASE("purge may be called on a closed queue", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(TestType::options({}));
  queue.try_push(1, priority::high);
  queue.close();
  int purged = 0;
  queue.purge(priority::high, [&](int&& one) { purged += one; });
  CHECK(purged == 1);
  CHECK_FALSE(queue.try_pop());
}

TEMPLATE_LIST_TEST_CASE("a purged task is handed over while it waits, and its place is free once it is withdrawn", "",
                        task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(3, on_full::reject));
  task_watch dead = pool.put(priority::high);
  const task_watch alive = pool.put(priority::high);
  const task_watch other = pool.put(priority::low);
  dead.cancel();
  std::vector<workpool::task_id> purged;
  pool.queue.purge(priority::high, [&](task_ref&& one) {
    const task_ref mine = std::move(one);
    purged.push_back(mine.get()->id());
    mine.get()->withdraw(outcome::cancelled);
  });
  CHECK(purged == std::vector<workpool::task_id>{alive.id()});
  CHECK(alive.settled_as(outcome::cancelled));
  CHECK(other.waiting());
  CHECK(pool.queue.sizes() == lane_sizes{0, 0, 0, 1});
  pool.put();
  pool.put();
  CHECK(pool.queue.size() == 3);
}

TEMPLATE_LIST_TEST_CASE("a popped task is taken, a cancelled one never comes out", "", task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(TestType::options({}));
  std::vector<task_watch> watched;
  for (int i = 0; i < 20; ++i) watched.push_back(pool.put(all_lanes[std::size_t(i) % 4]));
  for (std::size_t i = 0; i < 20; i += 3) CHECK(watched[i].cancel() == workpool::cancel_result::dequeued);
  std::size_t popped = 0;
  while (auto one = pool.queue.try_pop()) {
    CHECK((one->get()->id() - 1) % 3 != 0);
    CHECK(one->get()->state().phase() == workpool::detail::task_phase::running);
    ++popped;
  }
  CHECK(popped == 13);
  CHECK(watched[1].cancel() == workpool::cancel_result::stop_requested);
  CHECK(pool.queue.size() == 0);
}

TEMPLATE_LIST_TEST_CASE("a task that somebody else has started is passed over", "", task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(TestType::options({}));
  workpool::detail::task_owner* const before = std::exchange(workpool::detail::working_for, &pool);
  task_watch helped = pool.put();
  const task_watch other = pool.put();
  helped.help();
  workpool::detail::working_for = before;
  CHECK(helped.settled_as(outcome::value));
  CHECK(pop_all_ids(pool.queue) == std::vector<workpool::task_id>{other.id()});
  CHECK(pool.queue.size() == 0);
}

TEMPLATE_LIST_TEST_CASE("a refused task is still the caller's and belongs to nobody", "", task_queue_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(1, on_full::reject));
  pool.put();
  task_ref second = pool.make(priority::critical);
  task_watch watch(second);
  CHECK(pool.push(second) == push_status::full);
  REQUIRE(second);
  CHECK(second.get()->id() == watch.id());
  pool.queue.close();
  CHECK(pool.push(second) == push_status::closed);
  REQUIRE(second);
  second = task_ref();
  CHECK_FALSE(watch.settled_as(outcome::discarded));
  CHECK(pool.withdrawn_as(outcome::discarded) == 0);
}

TEMPLATE_LIST_TEST_CASE("the queue's destructor destroys what is left, and a task left in it ends discarded", "",
                        task_queue_models) {
  using namespace workpool_test;
  std::atomic<int> alive{0};
  {
    queue_of<TestType, counted> queue(TestType::options({}));
    for (int i = 0; i < 100; ++i) queue.try_push(counted(alive), all_lanes[std::size_t(i) % 4]);
    CHECK(alive == 100);
    queue.try_pop();
    CHECK(alive == 99);
  }
  CHECK(alive == 0);
  std::vector<task_watch> watched;
  {
    fake_pool<queue_of<TestType, task_ref>> pool(TestType::options({}));
    for (int i = 0; i < 8; ++i) watched.push_back(pool.put(all_lanes[std::size_t(i) % 4]));
    watched[3].cancel();
  }
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(watched[i].settled_as(i == 3 ? outcome::cancelled : outcome::discarded));
  }
}

TEMPLATE_LIST_TEST_CASE("elements may be over-aligned, large, or not copyable", "", task_queue_models) {
  using namespace workpool_test;
  struct alignas(128) aligned {
    std::uintptr_t self() const { return reinterpret_cast<std::uintptr_t>(this); }
    int value = 0;
  };
  struct large {
    std::array<char, 5000> bytes{};
  };
  queue_of<TestType, aligned> aligned_ones(TestType::options({}));
  queue_of<TestType, large> large_ones(TestType::options({}));
  for (int i = 0; i < 100; ++i) {
    aligned_ones.try_push(aligned{i}, priority::normal);
    large one;
    one.bytes.fill(char(i));
    large_ones.try_push(std::move(one), priority::normal);
  }
  for (int i = 0; i < 100; ++i) {
    const auto first = aligned_ones.try_pop();
    REQUIRE(first);
    CHECK(first->self() % 128 == 0);
    CHECK(first->value == i);
    const auto second = large_ones.try_pop();
    REQUIRE(second);
    CHECK(second->bytes.front() == char(i));
    CHECK(second->bytes.back() == char(i));
  }
}

TEMPLATE_LIST_TEST_CASE("an element may call the queue when it is moved or destroyed", "", task_queue_models) {
  using namespace workpool_test;
  using queue_type = queue_of<TestType, nosy>;
  queue_type queue(bounded<TestType>(2, on_full::drop_oldest));
  struct context {
    queue_type& queue;
    int depth = 0;
    int calls = 0;
  } seen{queue};
  const nosy::callback look = [](void* pointer) noexcept {
    auto& mine = *static_cast<context*>(pointer);
    if (mine.depth != 0) return;
    ++mine.depth;
    ++mine.calls;
    static_cast<void>(mine.queue.size());
    static_cast<void>(mine.queue.sizes());
    mine.queue.purge(priority::critical, [](nosy&&) {});
    static_cast<void>(mine.queue.try_push(nosy([](void*) noexcept {}, nullptr), priority::critical));
    mine.queue.try_pop();
    --mine.depth;
  };
  for (int i = 0; i < 10; ++i) queue.try_push(nosy(look, &seen), all_lanes[std::size_t(i) % 4]);
  queue.purge(priority::low, [](nosy&&) {});
  while (queue.try_pop()) {
  }
  queue.try_push(nosy(look, &seen), priority::normal);
  queue.close();
  queue.try_push(nosy(look, &seen), priority::normal);
  CHECK(seen.calls > 20);
  pop_all(queue);
}

TEMPLATE_LIST_TEST_CASE("an element that cannot be moved out keeps no place", "", task_queue_models) {
  using namespace workpool_test;
  int moves_left = -1;
  queue_of<TestType, throwing> queue(bounded<TestType>(1, on_full::reject));
  REQUIRE(queue.try_push(throwing(7, moves_left), priority::normal) == push_status::accepted);
  moves_left = 0;
  CHECK_THROWS_AS(queue.try_pop(), std::runtime_error);
  moves_left = -1;
  CHECK(queue.size() == 0);
  CHECK(queue.try_push(throwing(8, moves_left), priority::normal) == push_status::accepted);
}

TEMPLATE_LIST_TEST_CASE("purge does not chase what its visitor pushes", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(TestType::options({}));
  for (int i = 0; i < 3; ++i) queue.try_push(int(i), priority::normal);
  int visited = 0;
  queue.purge(priority::normal, [&](int&& one) {
    if (++visited < 1000) queue.try_push(std::move(one), priority::normal);
  });
  CHECK(visited == 3);
  CHECK(queue.size() == 3);
}

TEMPLATE_LIST_TEST_CASE("a capacity as large as a number can be is no reason to sweep", "", forgetting_models) {
  using namespace workpool_test;
  queue_of<TestType, counting_ref> queue(bounded<TestType>(std::numeric_limits<std::size_t>::max()));
  const int before = counting_ref::asked;
  for (int i = 0; i < 100; ++i) queue.try_push(counting_ref(new counting_ref::node), priority::normal);
  CHECK(counting_ref::asked == before);
}

// ── many threads ────────────────────────────────────────────────────────────────────────────────────────────────────

TEMPLATE_LIST_TEST_CASE("a blocked push goes on as soon as there is room", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(bounded<TestType>(1));
  for (int round = 0; round < 300; ++round) {
    REQUIRE(queue.try_push(1, priority::normal) == push_status::accepted);
    std::atomic<bool> returned{false};
    push_status status{};
    std::latch begins(1);
    std::jthread producer([&] {
      begins.count_down();
      status = queue.push_for(2, priority::low, duration::max());
      returned = true;
    });
    begins.wait();
    for (int i = 0; i < round % 50; ++i) std::this_thread::yield();
    REQUIRE_FALSE(returned);
    if (round % 2 == 0) {
      REQUIRE(queue.try_pop() == 1);
    } else {
      queue.purge(priority::normal, [](int&&) {});
    }
    producer.join();
    REQUIRE(status == push_status::accepted);
    REQUIRE(queue.try_pop() == 2);
  }
}

TEMPLATE_LIST_TEST_CASE("a blocked push is refused as soon as the queue is closed", "", task_queue_models) {
  using namespace workpool_test;
  for (int round = 0; round < 100; ++round) {
    queue_of<TestType, std::unique_ptr<int>> queue(bounded<TestType>(1));
    REQUIRE(queue.try_push(nullptr, priority::normal) == push_status::accepted);
    std::array<std::unique_ptr<int>, 3> elements;
    std::array<push_status, 3> statuses{};
    std::latch begin(3);
    {
      std::vector<std::jthread> producers;
      for (std::size_t i = 0; i < 3; ++i) {
        elements[i] = std::make_unique<int>(int(i));
        producers.emplace_back([&, i] {
          begin.count_down();
          statuses[i] = queue.push_for(std::move(elements[i]), all_lanes[i], duration::max());
        });
      }
      begin.wait();
      for (int i = 0; i < round % 50; ++i) std::this_thread::yield();
      queue.close();
    }
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(statuses[i] == push_status::closed);
      REQUIRE(elements[i]);
      REQUIRE(*elements[i] == int(i));
    }
    REQUIRE(pop_all(queue).size() == 1);
  }
}

TEMPLATE_LIST_TEST_CASE("the size never exceeds the capacity, whoever pushes and pops", "", task_queue_models) {
  using namespace workpool_test;
  const on_full policy = GENERATE(on_full::block, on_full::reject, on_full::drop_oldest);
  constexpr std::size_t capacity = 3;
  queue_of<TestType, stamped> queue(bounded<TestType>(capacity, policy));
  constexpr std::size_t each = 4000;
  std::atomic<std::size_t> producing{3};
  std::atomic<std::size_t> accepted{0}, popped{0};
  std::size_t largest = 0;
  {
    std::vector<std::jthread> threads;
    for (std::size_t p = 0; p < 3; ++p) {
      threads.emplace_back([&, p] {
        for (std::size_t i = 0; i < each; ++i) {
          const duration limit = policy == on_full::block ? duration::max() : duration::zero();
          if (queue.push_for({p, i}, all_lanes[i % 4], limit) == push_status::accepted) ++accepted;
        }
        --producing;
      });
    }
    for (int c = 0; c < 2; ++c) {
      threads.emplace_back([&] {
        for (;;) {
          const bool last = producing == 0;
          if (queue.try_pop()) {
            ++popped;
          } else if (last) {
            break;
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
    while (producing != 0) {
      largest = std::max(largest, queue.size());
      std::this_thread::yield();
    }
  }
  CHECK(largest <= capacity);
  CHECK(queue.size() == 0);
  if (policy == on_full::block) CHECK(accepted == 3 * each);
  if (policy == on_full::drop_oldest) {
    CHECK(accepted == 3 * each);
    CHECK(popped <= accepted);
  } else {
    CHECK(popped == accepted);
  }
}

TEMPLATE_LIST_TEST_CASE("every element comes out once, in the order of its producer and lane", "", task_queue_models) {
  using namespace workpool_test;
  const std::size_t capacity = GENERATE(0U, 5U);
  constexpr std::size_t producers = 6, each = 2000;
  queue_of<TestType, stamped> queue(bounded<TestType>(capacity));
  std::vector<stamped> popped;
  {
    std::vector<std::jthread> threads;
    for (std::size_t p = 0; p < producers; ++p) {
      threads.emplace_back([&, p] {
        for (std::size_t i = 0; i < each; ++i) queue.push_for({p, i}, all_lanes[i % 4], duration::max());
      });
    }
    while (popped.size() < producers * each) {
      if (const auto one = queue.try_pop()) popped.push_back(*one);
    }
  }
  CHECK_FALSE(queue.try_pop());
  std::array<std::array<std::size_t, 4>, producers> next{};
  bool in_order = true;
  for (const stamped& one : popped) {
    std::size_t& expected = next[one.producer][one.number % 4];
    in_order = in_order && one.number / 4 == expected;
    ++expected;
  }
  CHECK(in_order);
}

TEMPLATE_LIST_TEST_CASE("when close has returned, everything accepted can be popped and nothing follows", "",
                        task_queue_models) {
  using namespace workpool_test;
  const std::size_t capacity = GENERATE(0U, 4U);
  for (int round = 0; round < 150; ++round) {
    queue_of<TestType, stamped> queue(bounded<TestType>(capacity));
    std::atomic<std::size_t> accepted{0};
    std::size_t drained = 0;
    {
      std::latch begin(4);
      std::vector<std::jthread> producers;
      for (std::size_t p = 0; p < 3; ++p) {
        producers.emplace_back([&, p] {
          begin.arrive_and_wait();
          for (std::size_t i = 0;; ++i) {
            const push_status status = queue.push_for({p, i}, all_lanes[i % 4], duration::max());
            if (status == push_status::accepted) ++accepted;
            if (status == push_status::closed) return;
          }
        });
      }
      begin.arrive_and_wait();
      for (int i = 0; i < round; ++i) {
        if (queue.try_pop()) ++drained;
      }
      queue.close();
      drained += pop_all(queue).size();
    }
    REQUIRE(drained == accepted);
    REQUIRE_FALSE(queue.try_pop());
  }
}

TEMPLATE_LIST_TEST_CASE("each task is popped or cancelled, never both and never neither", "", task_queue_models) {
  using namespace workpool_test;
  for (int round = 0; round < 30; ++round) {
    fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(round % 2 == 0 ? 0 : 8));
    constexpr std::size_t each = 300;
    std::atomic<std::size_t> popped{0}, cancelled{0}, producing{2};
    {
      std::vector<std::jthread> threads;
      for (int p = 0; p < 2; ++p) {
        threads.emplace_back([&] {
          std::optional<task_watch> before;
          for (std::size_t i = 0; i < each; ++i) {
            task_watch now = pool.put(all_lanes[i % 4], duration::max());
            if (before && before->cancel() == workpool::cancel_result::dequeued) ++cancelled;
            before.emplace(std::move(now));
          }
          --producing;
        });
      }
      threads.emplace_back([&] {
        for (bool last = false; !last;) {
          last = producing == 0;
          while (pool.queue.try_pop()) ++popped;
        }
      });
    }
    REQUIRE(popped + cancelled == 2 * each);
    REQUIRE(pool.withdrawn_as(outcome::cancelled) == cancelled);
    REQUIRE(pool.queue.size() == 0);
    REQUIRE(pool.queue.sizes() == lane_sizes{});
  }
}

// ── waiting pops ────────────────────────────────────────────────────────────────────────────────────────────────────

TEMPLATE_LIST_TEST_CASE("a waiting pop gives up when its time is up, and not before", "", blocking_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(TestType::options({}));
  CHECK_FALSE(queue.pop_for(duration::zero()));
  CHECK_FALSE(queue.pop_for(duration(-1)));
  const auto limit = std::chrono::milliseconds(3);
  const auto begin = workpool::steady::now();
  CHECK_FALSE(queue.pop_for(limit));
  CHECK(workpool::steady::now() - begin >= limit);
  queue.try_push(1, priority::low);
  CHECK(queue.pop_for(duration(-1)) == 1);
}

TEMPLATE_LIST_TEST_CASE("waiting pops get what is pushed and end when the queue is closed and drained", "",
                        blocking_models) {
  using namespace workpool_test;
  const std::size_t capacity = GENERATE(0U, 2U);
  for (int round = 0; round < 60; ++round) {
    queue_of<TestType, int> queue(bounded<TestType>(capacity));
    std::atomic<int> popped{0};
    {
      std::vector<std::jthread> consumers;
      for (int c = 0; c < 3; ++c) {
        consumers.emplace_back([&] {
          while (queue.pop_for(duration::max())) ++popped;
        });
      }
      for (int i = 0; i < round; ++i) {
        queue.push_for(int(i), all_lanes[std::size_t(i) % 4], duration::max());
        if (i % 5 == 0) std::this_thread::yield();
      }
      queue.close();
    }
    REQUIRE(popped == round);
    REQUIRE_FALSE(queue.pop_for(duration::max()));
  }
}

TEMPLATE_LIST_TEST_CASE("a waiting pop is not content with a cancelled task", "", blocking_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(TestType::options({}));
  pool.put().cancel();
  CHECK_FALSE(pool.queue.pop_for(duration(1)));
  pool.put().cancel();
  const task_watch second = pool.put();
  const auto popped = pool.queue.pop_for(duration::max());
  REQUIRE(popped);
  CHECK(popped->get()->id() == second.id());
}

// ── withdrawn elements ──────────────────────────────────────────────────────────────────────────────────────────────

TEMPLATE_LIST_TEST_CASE("a cancelled task leaves its place at once", "", forgetting_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(2, on_full::reject));
  for (std::size_t i = 0; i < 200; ++i) {
    task_watch first = pool.put(all_lanes[i % 4]);
    task_watch second = pool.put(all_lanes[(i + 1) % 4]);
    REQUIRE(pool.queue.size() == 2);
    first.cancel();
    REQUIRE(pool.queue.size() == 1);
    REQUIRE(pool.queue.sizes()[lane_index(first.lane())] == 0);
    REQUIRE(pool.queue.sizes()[lane_index(second.lane())] == 1);
    second.cancel();
    REQUIRE(pool.queue.sizes() == lane_sizes{});
    REQUIRE(pool.queue.physical_length() <= 4);
  }
}

TEMPLATE_LIST_TEST_CASE("cancelling a waiting task lets a blocked push go on", "", forgetting_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(1));
  for (int round = 0; round < 200; ++round) {
    task_watch waiting = pool.put();
    std::latch begins(1);
    std::jthread producer([&] {
      begins.count_down();
      pool.put(priority::low, duration::max());
    });
    begins.wait();
    for (int i = 0; i < round % 30; ++i) std::this_thread::yield();
    REQUIRE(waiting.cancel() == workpool::cancel_result::dequeued);
    producer.join();
    REQUIRE(pool.queue.sizes() == lane_sizes{0, 0, 0, 1});
    REQUIRE(pool.queue.try_pop());
  }
}

TEMPLATE_LIST_TEST_CASE("a sweep of the dead keeps the order of the living", "", forgetting_models) {
  using namespace workpool_test;
  constexpr std::size_t capacity = 50;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(capacity, on_full::reject));
  std::vector<task_watch> alive;
  for (std::size_t i = 0; i < 49; ++i) alive.push_back(pool.put(all_lanes[i % 2]));
  for (int i = 0; i < 1000; ++i) {
    pool.put(priority::high).cancel();
    REQUIRE(pool.queue.physical_length() <= 2 * capacity);
  }
  REQUIRE(pool.queue.size() == 49);
  std::array<std::vector<workpool::task_id>, 4> expected, popped;
  for (const task_watch& one : alive) expected[lane_index(one.lane())].push_back(one.id());
  while (const auto one = pool.queue.try_pop()) popped[lane_index(one->get()->lane())].push_back(one->get()->id());
  CHECK(popped == expected);
}

TEMPLATE_LIST_TEST_CASE("the dead never fill more than the capacity once more, whoever cancels and pushes", "",
                        forgetting_models) {
  using namespace workpool_test;
  constexpr std::size_t capacity = 8;
  queue_options options = bounded<TestType>(capacity);
  options.fifo = true;  // one producer slot, so that another thread's look at the length is never too high
  fake_pool<queue_of<TestType, task_ref>> pool(options);
  std::atomic<int> producing{3};
  std::atomic<bool> consuming{true};
  std::size_t longest = 0, largest = 0;
  {
    std::vector<std::jthread> threads;
    for (int p = 0; p < 3; ++p) {
      threads.emplace_back([&] {
        std::vector<task_watch> mine;
        for (int i = 0; i < 3000; ++i) {
          mine.push_back(pool.put(priority::normal, duration::max()));
          if (mine.size() < 2) continue;
          for (task_watch& one : mine) one.cancel();
          mine.clear();
        }
        for (task_watch& one : mine) one.cancel();
        --producing;
      });
    }
    threads.emplace_back([&] {
      while (consuming) {
        pool.queue.try_pop();
        for (int i = 0; i < 20; ++i) std::this_thread::yield();
      }
    });
    while (producing != 0) {
      longest = std::max(longest, pool.queue.physical_length());
      largest = std::max(largest, pool.queue.size());
      std::this_thread::yield();
    }
    consuming = false;
  }
  CHECK(longest <= 2 * capacity);
  CHECK(largest <= capacity);
  CHECK(pool.queue.size() == 0);
}

TEMPLATE_LIST_TEST_CASE("without a capacity the dead stay few beside the living", "", forgetting_models) {
  using namespace workpool_test;
  fake_pool<queue_of<TestType, task_ref>> pool(TestType::options({}));
  constexpr std::size_t some = 2100;  // the dead nobody minds
  std::vector<task_watch> alive;
  for (std::size_t i = 0; i < 20000; ++i) {
    task_watch one = pool.put(all_lanes[i % 4]);
    if (i % 10 == 0) {
      alive.push_back(std::move(one));
    } else {
      one.cancel();
    }
    REQUIRE(pool.queue.physical_length() <= 2 * alive.size() + some);
  }
  CHECK(pool.queue.size() == alive.size());
  CHECK(pop_all_ids(pool.queue).size() == alive.size());
}

TEMPLATE_LIST_TEST_CASE("one consumer sees the order of each producer across sweeps", "", forgetting_models) {
  using namespace workpool_test;
  constexpr std::size_t capacity = 16;
  fake_pool<queue_of<TestType, task_ref>> pool(bounded<TestType>(capacity));
  constexpr std::size_t each = 3000;
  std::array<std::vector<workpool::task_id>, 2> kept;
  std::vector<workpool::task_id> popped;
  std::atomic<int> producing{2};
  {
    std::vector<std::jthread> threads;
    for (std::size_t p = 0; p < 2; ++p) {
      threads.emplace_back([&, p] {
        for (std::size_t i = 0; i < each; ++i) {
          task_watch one = pool.put(priority::normal, duration::max());
          if (i % 8 == 0 || one.cancel() != workpool::cancel_result::dequeued) kept[p].push_back(one.id());
        }
        --producing;
      });
    }
    for (bool last = false; !last;) {
      last = producing == 0;
      while (const auto one = pool.queue.try_pop()) popped.push_back(one->get()->id());
    }
  }
  CHECK(popped.size() == kept[0].size() + kept[1].size());
  for (const auto& mine : kept) {
    std::vector<workpool::task_id> seen;
    for (const auto id : popped) {
      if (std::binary_search(mine.begin(), mine.end(), id)) seen.push_back(id);
    }
    CHECK(seen == mine);
  }
}
TEMPLATE_LIST_TEST_CASE("the lanes together never seem to hold more than the capacity", "", task_queue_models) {
  using namespace workpool_test;
  queue_of<TestType, int> queue(bounded<TestType>(1, on_full::reject));
  std::atomic<bool> looking{true};
  std::size_t largest = 0;
  {
    std::jthread mover([&] {
      while (looking) {
        for (const priority lane : {priority::critical, priority::low}) {
          queue.try_push(1, lane);
          queue.try_pop();
        }
      }
    });
    for (int i = 0; i < 200000; ++i) {
      std::size_t total = 0;
      for (const std::size_t lane : queue.sizes()) total += lane;
      largest = std::max(largest, total);
    }
    looking = false;
  }
  CHECK(largest <= 1);
}
