#include <workpool/queue/task_queue.hpp>

#include <workpool/queue/fifo_queue.hpp>
#include <workpool/queue/priority_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"
#include "support/task_queue_archetype.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

// The k-th allocation of a thread fails, for every k. This program's operator new can be told to, and where no
// sanitizer owns it, malloc too, which moodycamel calls.

namespace {

thread_local long allocations_left = -1;  // -1: no limit

bool fails_now() noexcept {
  if (allocations_left < 0) return false;
  if (allocations_left > 0) {
    --allocations_left;
    return false;
  }
  return true;
}

class failing_after {
 public:
  explicit failing_after(long allocations) noexcept { allocations_left = allocations; }
  failing_after(const failing_after&) = delete;
  failing_after& operator=(const failing_after&) = delete;
  ~failing_after() { allocations_left = -1; }
};

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WORKPOOL_TEST_OWNS_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WORKPOOL_TEST_OWNS_MALLOC 0
#endif
#endif
#if !defined(WORKPOOL_TEST_OWNS_MALLOC) && defined(__GLIBC__)
#define WORKPOOL_TEST_OWNS_MALLOC 1
#endif

#if WORKPOOL_TEST_OWNS_MALLOC
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t bytes) noexcept { return fails_now() ? nullptr : __libc_malloc(bytes); }
#else
void* operator new(std::size_t bytes) {
  void* const memory = fails_now() ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wmismatched-new-delete"  // the pair below does match, once it is inlined g++ 12 doubts it
#endif
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return fails_now() ? nullptr : std::malloc(bytes == 0 ? 1 : bytes);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace {

using workpool::priority;
using workpool::push_status;
using workpool_test::fake_pool;
using workpool_test::task_watch;

constexpr std::array all_lanes{priority::critical, priority::high, priority::normal, priority::low};

struct boxed {
  explicit boxed(int number) : value(std::make_unique<int>(number)) {}
  std::unique_ptr<int> value;
  std::array<char, 600> bulk{};  // too large for recycled memory
};

}  // namespace

TEMPLATE_TEST_CASE("a push that finds no memory throws, and the element is still the caller's", "",
                   workpool::priority_queue<boxed>, workpool::fifo_queue<boxed>,
                   workpool_test::task_queue_archetype<boxed>) {
  std::size_t failures = 0;
  for (long k = 0; k < 40; ++k) {
    TestType queue({.capacity = 300});
    std::vector<int> accepted;
    for (int i = 0; i < 200; ++i) {
      boxed one(i);
      bool thrown = false;
      push_status status{};
      {
        const failing_after limit(i == 0 || i % 33 == k % 33 ? k % 7 : -1);
        try {
          status = queue.try_push(std::move(one), all_lanes[std::size_t(i) % 4]);
        } catch (const std::bad_alloc&) {
          thrown = true;
        }
      }
      if (thrown) {
        ++failures;
        REQUIRE(one.value);
        REQUIRE(*one.value == i);
      } else {
        REQUIRE(status == push_status::accepted);
        REQUIRE_FALSE(one.value);
        accepted.push_back(i);
      }
      REQUIRE(queue.size() == accepted.size());
    }
    std::size_t popped = 0;
    while (queue.try_pop()) ++popped;
    REQUIRE(popped == accepted.size());
    REQUIRE(queue.size() == 0);
  }
  CHECK(failures > 0);
}

TEMPLATE_TEST_CASE("a task that finds no memory in the queue was never accepted", "",
                   workpool::priority_queue<workpool::task_ref>, workpool::fifo_queue<workpool::task_ref>) {
  for (long k = 0; k < 7; ++k) {
    fake_pool<TestType> pool({.capacity = 100});
    for (std::size_t i = 0; i < 100; ++i) {
      workpool::task_ref one = pool.make(all_lanes[i % 4]);
      const task_watch watch(one);
      bool thrown = false;
      {
        const failing_after limit(k);
        try {
          pool.push(one);
        } catch (const std::bad_alloc&) {
          thrown = true;
        }
      }
      REQUIRE(bool(one) == thrown);
      one = workpool::task_ref();
      REQUIRE_FALSE(watch.settled_as(workpool::outcome::discarded));
    }
    const std::size_t waiting = pool.queue.size();
    std::size_t popped = 0;
    while (pool.queue.try_pop()) ++popped;
    REQUIRE(popped == waiting);
    REQUIRE(pool.queue.size() == 0);
  }
}

TEMPLATE_TEST_CASE("popping, cancelling, purging and closing work where there is no memory left", "",
                   workpool::priority_queue<workpool::task_ref>, workpool::fifo_queue<workpool::task_ref>) {
  fake_pool<TestType> pool({.capacity = 400});
  std::vector<task_watch> watched;
  for (std::size_t i = 0; i < 400; ++i) watched.push_back(pool.put(all_lanes[i % 4]));
  std::size_t popped = 0;
  {
    const failing_after none(0);
    for (std::size_t i = 0; i < 400; i += 3) watched[i].cancel();
    for (int i = 0; i < 50; ++i) popped += pool.queue.try_pop() ? 1U : 0U;
    pool.queue.purge(priority::low, [](workpool::task_ref&& one) { const workpool::task_ref mine = std::move(one); });
    pool.queue.close();
    while (pool.queue.try_pop()) ++popped;
  }
  CHECK(popped > 50);
  CHECK(pool.queue.size() == 0);
}

TEST_CASE("a sweep survives a lane whose first push found no memory") {
  for (long k = 0; k < 4; ++k) {
    fake_pool<workpool::priority_queue<workpool::task_ref>> pool({.capacity = 4});
    {
      workpool::task_ref one = pool.make(priority::critical);
      const failing_after limit(k);
      try {
        pool.push(one);
      } catch (const std::bad_alloc&) {
      }
    }
    while (pool.queue.try_pop()) {
    }
    for (int i = 0; i < 6; ++i) pool.put(priority::low).cancel();
    CHECK(pool.queue.physical_length() <= 8);
  }
}
TEST_CASE("a sweep that finds no memory loses nothing that lives") {
  for (long k = 0; k < 16; ++k) {
    fake_pool<workpool::priority_queue<workpool::task_ref>> pool({.capacity = 32});
    for (int i = 0; i < 31; ++i) pool.put(priority::critical);
    for (int i = 0; i < 33; ++i) pool.put(priority::low).cancel();
    workpool::task_ref one = pool.make(priority::low);
    {
      const failing_after limit(k);
      try {
        pool.push(one);
      } catch (const std::bad_alloc&) {
      }
    }
    REQUIRE(pool.withdrawn_as(workpool::outcome::discarded) == 0);
  }
}
