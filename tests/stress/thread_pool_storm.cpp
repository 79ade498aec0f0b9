// Everything that changes a pool's size or its tasks' times at once, on one pool after another for so many seconds.
//
//   thread_pool_storm <seconds> <seed>
//
// Producers submit tasks that nest, fork, wait for one another, overrun, expire, come in bulks and later; a controller
// resizes to and from any size, pauses, resumes and purges. At the end of each round everything accepted has ended
// once, every body has run as often as its outcome says, and the books say the same; the pool is at its last size.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool.hpp>

#include "support/hang_trap.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

struct totals {
  std::uint64_t rounds = 0, resizes = 0;
  wp::pool_stats sums{};
};

[[noreturn]] void fail(const std::string& what, std::uint64_t seed) {
  std::fprintf(stderr, "thread_pool_storm: %s (seed %llu)\n", what.c_str(), static_cast<unsigned long long>(seed));
  std::abort();
}

/// What one producer has seen of its own tasks.
struct account {
  std::array<std::uint64_t, wp::outcome_count> ended{};
  std::uint64_t refused = 0;
  std::uint64_t may_fail = 0;  // of those that failed: cancelled in the middle of an attempt that throws
};

void count(account& mine, wp::future<int>& one) {
  one.wait();
  ++mine.ended[static_cast<std::size_t>(*one.outcome())];
}

int leaves(wp::thread_pool& pool, int count) {
  if (count == 1) return 1;
  int some = 0, others = 0;
  wp::parallel_invoke(
      pool, [&] { some = leaves(pool, count / 2); }, [&] { others = leaves(pool, count - count / 2); });
  return some + others;
}

void produce(wp::thread_pool& pool, std::uint64_t seed, std::atomic<std::uint64_t>& bodies, account& mine) {
  std::mt19937_64 random(seed);
  std::vector<wp::future<int>> kept, flaky;
  const auto body = [&bodies] { return static_cast<int>(++bodies & 7); };
  for (int n = 0; n < 400; ++n) {
    wp::task_options options{.priority = static_cast<wp::priority>(random() % 4)};
    try {
      switch (random() % 10) {
        case 0:
          options.timeout = 200us;
          kept.push_back(pool.submit(options, [&bodies](std::stop_token stop) {
            ++bodies;
            const auto until = wp::steady::now() + 2ms;
            while (!stop.stop_requested() && wp::steady::now() < until) std::this_thread::yield();
            return 0;
          }));
          break;
        case 1:
          options.expires_after = std::chrono::microseconds(random() % 500);
          kept.push_back(pool.submit(options, body));
          break;
        case 2:
          kept.push_back(pool.submit(options, [&pool, &bodies] {
            ++bodies;
            wp::task_group inner(pool);
            std::atomic<int> sum{0};
            for (int k = 0; k < 3; ++k) inner.run([&sum, k] { sum += k; });
            inner.wait();
            return sum.load();
          }));
          break;
        case 3:
          kept.push_back(pool.submit(options, [&pool, &bodies] {
            ++bodies;
            return pool.submit([] { return 1; }).get();
          }));
          break;
        case 4:
          kept.push_back(pool.submit(options, [&pool, &bodies, seed] {
            ++bodies;
            if (leaves(pool, 40) != 40) fail("a fork has lost a part", seed);
            return 40;
          }));
          break;
        case 5:
          pool.submit_bulk(options, random() % 20, [&bodies](std::size_t) { ++bodies; }).cancel();
          break;
        case 6:
          pool.post_after(std::chrono::microseconds(random() % 300), [&bodies] { ++bodies; });
          break;
        case 7:
          options.retry = {.max_attempts = 3, .backoff = {.initial = std::chrono::microseconds(random() % 200)}};
          if (random() % 2 == 0) options.timeout = 500us;
          flaky.push_back(pool.submit(options, [&bodies] {
            const std::uint64_t number = ++bodies;
            if (wp::this_worker::attempt() < 3 && number % 3 != 0) throw std::runtime_error("again");
            return 1;
          }));
          if (random() % 4 == 0) flaky[random() % flaky.size()].cancel();
          if (random() % 4 == 0) {
            kept.push_back(pool.submit([&pool] {
              return pool
                  .submit({.retry = {.max_attempts = 2, .backoff = {.initial = 50us}}},
                          [] {
                            if (wp::this_worker::attempt() == 1) throw std::runtime_error("again");
                            return 1;
                          })
                  .get();
            }));
          }
          break;
        default:
          kept.push_back(pool.submit(options, body));
          if (random() % 4 == 0) kept[random() % kept.size()].cancel();
      }
    } catch (const wp::queue_full&) {
      ++mine.refused;
    }
  }
  for (auto& one : kept) count(mine, one);
  for (auto& one : flaky) {
    count(mine, one);
    if (one.outcome() == wp::outcome::failed) ++mine.may_fail;
  }
}

void round(std::uint64_t seed, totals& all) {
  std::mt19937_64 random(seed);
  const bool bounded = random() % 2 == 0;
  wp::thread_pool pool{{.name = "storm",
                        .workers = 1 + random() % 4,
                        .idle_timeout = 1ms,
                        .queue = {.capacity = bounded ? 64U : 0U,
                                  .on_full = random() % 2 == 0 ? wp::on_full::block : wp::on_full::caller_runs}}};
  std::atomic<std::uint64_t> bodies{0};
  std::array<account, 2> accounts;
  std::vector<std::thread> producers;
  for (std::size_t id = 0; id < accounts.size(); ++id) {
    producers.emplace_back(produce, std::ref(pool), seed * 8 + id, std::ref(bodies), std::ref(accounts[id]));
  }
  std::atomic<bool> done{false};
  std::thread controller([&] {
    while (!done) {
      switch (random() % 6) {
        case 0:
          pool.pause();
          pool.resume();
          break;
        case 1:
          pool.purge(static_cast<wp::priority>(random() % 4));
          break;
        case 2: {
          const std::size_t min = 1 + random() % 3;
          pool.resize({min, min + random() % 6});
          break;
        }
        default:
          pool.resize(1 + random() % 8);
      }
      ++all.resizes;
      const wp::pool_stats now = pool.stats();
      const std::uint64_t ended = now.completed + now.failed + now.cancelled + now.expired + now.timed_out +
                                  now.worker_lost + now.discarded + now.pool_broken;
      if (ended > now.accepted || now.submitted != now.accepted + now.rejected)
        fail("a snapshot contradicts itself", seed);
      std::this_thread::yield();
    }
  });
  for (auto& one : producers) one.join();
  done = true;
  controller.join();
  pool.wait_idle();
  const std::size_t size = 1 + random() % 4;
  pool.resize(size);
  const auto until = wp::steady::now() + 20s;
  while (pool.stats().workers != size) {
    if (wp::steady::now() > until) fail("the pool did not come to its size", seed);
    std::this_thread::yield();
  }
  const wp::pool_stats now = pool.stats();
  if (now.queued + now.delayed + now.running + now.overrunning != 0) fail("something is left of an idle pool", seed);
  std::uint64_t ended = 0, seen = 0;
  for (std::size_t one = 0; one < wp::outcome_count; ++one) ended += now.count(static_cast<wp::outcome>(one));
  if (ended != now.accepted) fail("what was accepted has not ended once each", seed);
  for (const account& one : accounts) {
    for (const std::uint64_t part : one.ended) seen += part;
    if (one.ended[static_cast<std::size_t>(wp::outcome::failed)] != one.may_fail) fail("a task failed", seed);
  }
  if (seen > ended) fail("futures have seen more outcomes than there were tasks", seed);
  all.sums.accepted += now.accepted;
  all.sums.completed += now.completed;
  all.sums.cancelled += now.cancelled;
  all.sums.expired += now.expired;
  all.sums.timed_out += now.timed_out;
  ++all.rounds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto until = wp::steady::now() + std::chrono::seconds(std::atoi(argv[1]));
  auto seed = static_cast<std::uint64_t>(std::atoll(argv[2]));
  totals all;
  while (wp::steady::now() < until) {
    const workpool_test::hang_trap trap("thread_pool_storm, seed " + std::to_string(seed));
    round(seed++, all);
  }
  std::printf(
      "rounds %llu, resizes and the like %llu, accepted %llu (value %llu, cancelled %llu, expired %llu, timed out "
      "%llu)\n",
      static_cast<unsigned long long>(all.rounds), static_cast<unsigned long long>(all.resizes),
      static_cast<unsigned long long>(all.sums.accepted), static_cast<unsigned long long>(all.sums.completed),
      static_cast<unsigned long long>(all.sums.cancelled), static_cast<unsigned long long>(all.sums.expired),
      static_cast<unsigned long long>(all.sums.timed_out));
}
