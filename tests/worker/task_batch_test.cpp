#include <workpool/worker/task_batch.hpp>

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

using namespace workpool::detail;
using workpool::priority;

namespace {

// A batch never looks into its tasks: any addresses will do.
void* address(std::size_t number) { return reinterpret_cast<void*>(64 * (number + 1)); }
std::size_t number(const task* one) { return reinterpret_cast<std::uintptr_t>(one) / 64 - 1; }

void fill(task_batch& batch, std::size_t first, std::size_t count, priority lane = priority::normal) {
  std::array<void*, task_batch::capacity> pointers{};
  for (std::size_t n = 0; n < count; ++n) pointers[n] = address(first + n);
  batch.fill(pointers.data(), count, lane);
}

}  // namespace

TEST_CASE("a batch gives what was put in, in that order and with its lane") {
  task_batch batch;
  CHECK(batch.empty());
  CHECK_FALSE(batch.take());
  for (const std::size_t count : {1U, 3U, 32U}) {
    for (const priority lane : {priority::low, priority::normal}) {
      fill(batch, 100, count, lane);
      CHECK(batch.lane() == lane);
      for (std::size_t n = 0; n < count; ++n) {
        REQUIRE_FALSE(batch.empty());
        const task_batch::found next = batch.take();
        REQUIRE(next);
        REQUIRE(number(next.one) == 100 + n);
        REQUIRE(next.lane == lane);
      }
      CHECK(batch.empty());
      CHECK_FALSE(batch.take());
    }
  }
}

TEST_CASE("who wants another lane gets nothing") {
  task_batch batch;
  fill(batch, 0, 2, priority::low);
  CHECK_FALSE(batch.steal_of(priority::normal));
  CHECK(number(batch.steal_of(priority::low).one) == 0);
  CHECK(number(batch.steal().one) == 1);
  CHECK_FALSE(batch.steal_of(priority::low));
  CHECK_FALSE(batch.steal());
}

TEST_CASE("the mark of a batch changes with every task that is taken, and is 0 when none is left") {
  task_batch batch;
  CHECK(batch.mark() == 0);
  std::set<std::uint64_t> marks;
  for (int round = 0; round < 3; ++round) {
    fill(batch, 0, 2);
    marks.insert(batch.mark());
    batch.take();
    marks.insert(batch.mark());
    batch.take();
    CHECK(batch.mark() == 0);
  }
  CHECK(marks.size() == 6);
}

TEST_CASE("what one worker fills and others take as well, everybody gets once") {
  constexpr std::size_t fillings = 20'000;
  task_batch batch;
  std::vector<std::atomic<unsigned char>> taken(fillings * task_batch::capacity);
  std::atomic<bool> over{false};
  const auto count_one = [&](task_batch::found next) {
    if (next) ++taken[number(next.one)];
    return static_cast<bool>(next);
  };
  std::vector<std::thread> thieves;
  for (int n = 0; n < 2; ++n) {
    thieves.emplace_back([&] {
      while (!over) {
        if (!count_one(batch.steal())) std::this_thread::yield();
      }
    });
  }
  std::size_t put_in = 0;
  for (std::size_t round = 0; round < fillings; ++round) {
    const std::size_t count = 1 + round % task_batch::capacity;
    fill(batch, put_in, count);
    put_in += count;
    while (count_one(batch.take())) {
    }
  }
  over = true;
  for (std::thread& one : thieves) one.join();
  std::size_t wrong = 0;
  for (std::size_t n = 0; n < taken.size(); ++n) wrong += taken[n] != (n < put_in ? 1 : 0);
  CHECK(wrong == 0);
}
