#include <workpool/pool/basic_fork_pool.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/ipc/shared_buffer.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/lost_worker.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::open_descriptors;
using workpool_test::shared_numbers;
using workpool_test::shared_numbers_side;

namespace {

constexpr std::size_t page = 4096;  // bytes

wp::shared_buffer echo(wp::shared_buffer one) { return one; }
int same_twice(const wp::shared_buffer& one, const wp::shared_buffer& other) { return one == other ? 1 : 0; }
std::uint64_t sum(const wp::shared_buffer& one) {
  const auto numbers = one.as<std::uint64_t>();
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}
void negate(const wp::shared_buffer& one) {
  for (std::int32_t& each : one.as<std::int32_t>()) each = -each;
}
/// The numbers 1 to count.
wp::shared_buffer count_up(std::size_t count) {
  auto made = wp::this_worker::make_buffer(count * sizeof(std::uint64_t));
  const auto numbers = made.as<std::uint64_t>();
  std::iota(numbers.begin(), numbers.end(), 1);
  return made;
}
wp::shared_buffer throw_instead(wp::shared_buffer) { throw std::runtime_error("as it was told"); }
void write_past_the_end(const wp::shared_buffer& one) { one.span().data()[one.size()] = std::byte{1}; }

wp::shared_buffer& kept_here() {
  static wp::shared_buffer one;
  return one;
}
/// Keeps it beyond the task.
wp::shared_buffer keep(wp::shared_buffer one) { return kept_here() = one; }
void let_go() { kept_here() = {}; }

}  // namespace

TEST_CASE("a task works on the bytes of a shared buffer, and what it writes is seen here", "[fork_pool][buffers]") {
  wp::fork_pool pool(2);
  const auto one = pool.make_buffer(10'000);
  CHECK(one.size() == 10'000);
  CHECK(std::all_of(one.span().begin(), one.span().end(), [](std::byte each) { return each == std::byte{}; }));
  const auto numbers = one.as<std::int32_t>();
  REQUIRE(numbers.size() == 2'500);
  std::iota(numbers.begin(), numbers.end(), 1);
  pool.submit(negate, one).get();
  CHECK(numbers[0] == -1);
  CHECK(numbers[2'499] == -2'500);
}

TEST_CASE("a shared buffer that goes there and back is the one that was sent", "[fork_pool][buffers]") {
  wp::fork_pool pool(2);
  const auto one = pool.make_buffer(100);
  for (int turn = 0; turn < 100; ++turn) CHECK(pool.submit(echo, one).get() == one);
  CHECK(pool.submit(same_twice, one, one).get() == 1);
  CHECK_FALSE(pool.submit(echo, wp::shared_buffer()).get());
  CHECK(pool.stats().buffers == 1);
  CHECK(pool.stats().buffer_bytes == page);
}

TEST_CASE("a task makes a shared buffer, and gives it to others", "[fork_pool][buffers]") {
  wp::fork_pool pool(2);
  const auto made = pool.submit(count_up, 1'000'000).get();
  CHECK(made.size() == 8'000'000);
  CHECK(made.as<std::uint64_t>()[999'999] == 1'000'000);
  for (int turn = 0; turn < 4; ++turn) CHECK(pool.submit(sum, made).get() == 500'000'500'000);
}

TEST_CASE("buffers travel within other values", "[fork_pool][buffers]") {
  wp::fork_pool pool(1);
  std::vector<wp::shared_buffer> all;
  for (int n = 0; n < 100; ++n) all.push_back(pool.make_buffer(page + 1));
  const auto turned = pool.submit(
                              [](std::vector<wp::shared_buffer> some) {
                                std::reverse(some.begin(), some.end());
                                return std::tuple(some.size(), some);
                              },
                              all)
                          .get();
  CHECK(std::get<0>(turned) == 100);
  CHECK(std::equal(all.begin(), all.end(), std::get<1>(turned).rbegin(), std::get<1>(turned).rend()));
}

TEST_CASE("a task names the same buffer twice in its result, and takes and drops more than there may be at a time",
          "[fork_pool][buffers]") {
  wp::fork_pool pool({.workers = 1, .buffer_memory = 4 * page});
  const auto one = pool.make_buffer(page);
  const auto both = pool.submit([](wp::shared_buffer it) { return std::pair(it, it); }, one).get();
  CHECK((both.first == one && both.second == one));
  const int made = pool.submit([] {
                         int count = 0;
                         for (; count < 100; ++count) wp::this_worker::make_buffer(3 * page).span()[0] = std::byte{1};
                         return count;
                       })
                       .get();
  CHECK(made == 100);
  CHECK(pool.stats().workers_exited == 0);
}

TEST_CASE("a fork of the host has no part in a buffer, and takes nothing else's place", "[fork_pool][buffers]") {
  wp::fork_pool pool(1);
  std::optional<wp::shared_buffer> one = pool.make_buffer(page), unused = pool.make_buffer(page);
  std::byte* const at = one->span().data();
  const ::pid_t child = ::fork();
  if (child == 0) {
    void* const mine = ::mmap(at, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    one.reset();
    *static_cast<char*>(mine) = 1;
    int refused = 0;
    try {
      unused->span();
    } catch (const wp::forked_child&) {
      refused = 1;
    }
    unused.reset();
    ::_exit(refused == 1 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(one->span()[0] == std::byte{});
}

TEST_CASE("a buffer is freed when nobody has it any more, here or in a worker", "[fork_pool][buffers]") {
  wp::fork_pool pool(1);
  auto one = pool.make_buffer(100);
  pool.submit(keep, one).get();
  one = {};
  CHECK(pool.stats().buffers == 1);
  pool.submit(let_go).get();
  CHECK(eventually([&] { return pool.stats().buffers == 0 && pool.stats().buffer_bytes == 0; }));
  one = pool.submit(keep, pool.make_buffer(100)).get();
  CHECK(pool.submit(echo, one).get() == one);
  pool.submit(let_go).get();
  CHECK(pool.submit(echo, one).get() == one);
  CHECK_THROWS_AS(pool.submit(throw_instead, one).get(), wp::remote_error);
  one = {};
  CHECK(eventually([&] { return pool.stats().buffers == 0; }));
}

TEST_CASE("a buffer that is reused begins as zeros", "[fork_pool][buffers]") {
  wp::fork_pool pool({.workers = 1, .buffer_memory = page});
  for (int turn = 0; turn < 3; ++turn) {
    const auto one = pool.make_buffer(page);
    CHECK(one.span()[17] == std::byte{});
    std::fill(one.span().begin(), one.span().end(), std::byte{0xff});
  }
}

TEST_CASE("a worker that writes past the end of a buffer dies of it, and nobody else is touched",
          "[fork_pool][buffers]") {
  wp::fork_pool pool(1);
  const auto one = pool.make_buffer(page), next = pool.make_buffer(page);
  CHECK(workpool_test::loss_of(pool.submit(write_past_the_end, one)).report().signal == SIGSEGV);
  CHECK(next.span()[0] == std::byte{});
  CHECK(pool.submit(echo, one).get() == one);
}

TEST_CASE("the buffers of a worker that was killed are reclaimed, and nothing piles up", "[fork_pool][buffers]") {
  wp::fork_pool pool({.workers = 1, .restart = {.max_restarts = 1'000'000}});
  std::size_t descriptors = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<wp::shared_buffer> all;
    for (int n = 0; n < 64; ++n) all.push_back(pool.make_buffer(3 * page));
    auto held = pool.submit(
        [](const std::vector<wp::shared_buffer>& some) {
          const auto mine = wp::this_worker::make_buffer(page);
          for (const auto& each : some) each.span()[0] = mine.span()[0];
          ::raise(SIGKILL);
        },
        all);
    all.clear();
    CHECK_THROWS_AS(held.get(), wp::worker_lost);
    CHECK(eventually([&] { return pool.stats().buffers == 0 && pool.stats().buffer_bytes == 0; }));
    pool.submit(let_go).get();  // the next worker is there, with all that belongs to it
    if (round == 0) descriptors = open_descriptors().size();
  }
  CHECK(eventually([&] { return open_descriptors().size() <= descriptors; }));
}

TEST_CASE("more buffers than there may be are refused by field, value and remedy, here and in a worker",
          "[fork_pool][buffers]") {
  wp::fork_pool pool({.name = "small", .workers = 1, .buffer_memory = 10 * page});
  const auto most = pool.make_buffer(8 * page);
  CHECK_THROWS_AS(pool.make_buffer(3 * page), wp::message_too_large);
  try {
    static_cast<void>(pool.make_buffer(3 * page));
  } catch (const wp::message_too_large& refused) {
    const std::string text = refused.what();
    for (const std::string part : {"12288", "'small'", "32768", "buffer_memory (40960)", "raise"}) {
      CHECK(text.find(part) != text.npos);
    }
  }
  CHECK_THROWS_AS(pool.submit(count_up, 3 * page).get(), wp::message_too_large);
  CHECK(pool.submit(count_up, 10).get().size() == 80);
  CHECK_THROWS_AS(pool.make_buffer(SIZE_MAX), wp::message_too_large);
  CHECK_FALSE(pool.make_buffer(0));
  wp::fork_pool none({.workers = 1, .buffer_memory = 0});
  CHECK_THROWS_AS(none.make_buffer(1), wp::message_too_large);
  CHECK_THROWS_AS(none.submit(count_up, 1).get(), wp::message_too_large);
}

TEST_CASE("a buffer of another pool is refused, and so is one outside of a task", "[fork_pool][buffers]") {
  wp::fork_pool pool(1), other(1);
  CHECK_THROWS_AS(pool.submit(echo, other.make_buffer(1)), wp::codec_error);
  CHECK_THROWS_AS(wp::this_worker::make_buffer(1), wp::unsupported);
  CHECK(pool.stats().rejected == 1);
}

TEST_CASE("a buffer outlives its pool", "[fork_pool][buffers]") {
  wp::shared_buffer one;
  {
    wp::fork_pool pool(1);
    one = pool.submit(count_up, 10).get();
  }
  CHECK(one.as<std::uint64_t>()[9] == 10);
}

TEST_CASE("tasks with buffers that are cancelled, or whose worker dies before them, give the buffers back",
          "[fork_pool][buffers]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(1);
  auto holds = pool.submit(
      [](shared_numbers all) {
        auto& row = all.row();
        while (row[0] == 0) ::usleep(200);
      },
      numbers.handle());
  std::vector<wp::future<wp::shared_buffer>> waiting;
  for (int n = 0; n < 10; ++n) waiting.push_back(pool.submit(echo, pool.make_buffer(100)));
  CHECK(pool.stats().buffers == 10);
  for (int n = 0; n < 5; ++n) waiting[static_cast<std::size_t>(n)].cancel();
  CHECK(eventually([&] { return pool.stats().buffers == 5; }));
  numbers.set(0, 1);
  holds.get();
  for (std::size_t n = 5; n < 10; ++n) CHECK(waiting[n].get().size() == 100);
  waiting.clear();
  CHECK(eventually([&] { return pool.stats().buffers == 0; }));
}

TEST_CASE("threads that send, take and drop buffers at the same time leave none behind", "[fork_pool][buffers]") {
  wp::fork_pool pool(2);
  std::vector<std::thread> clients;
  std::atomic<int> wrong{0};
  for (int client = 0; client < 3; ++client) {
    clients.emplace_back([&] {
      for (int turn = 0; turn < 100; ++turn) {
        const auto made = pool.submit(count_up, 100).get();
        const auto back = pool.submit(echo, made).get();
        if (back != made || pool.submit(sum, back).get() != 5050) ++wrong;
      }
    });
  }
  for (std::thread& one : clients) one.join();
  CHECK(wrong == 0);
  CHECK(eventually([&] { return pool.stats().buffers == 0; }));
}
