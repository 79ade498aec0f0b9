#include <workpool/monitor/pool_books.hpp>

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <numeric>
#include <thread>
#include <vector>
#include <workpool/detail/pause.hpp>

using namespace workpool::detail;
using workpool::outcome;
using workpool::outcome_count;
using workpool::pool_stats;
using workpool::priority;
using workpool::priority_count;

namespace {

constexpr std::array lanes{priority::critical, priority::high, priority::normal, priority::low};

/// The books of a small pool: intake, workers of their own, guests.
struct books {
  intake_books intake;
  std::deque<run_books> workers;
  run_books guests{writers::many};

  explicit books(std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) workers.emplace_back(writers::one);
  }

  book_sums sums() const {
    return book_sums::read(intake, [this](auto&& visit) {
      for (const run_books& one : workers) visit(one);
      visit(guests);
    });
  }
  pool_stats stats() const {
    pool_stats now;
    const std::uint64_t rejected = intake.rejected();
    sums().write_to(now, rejected);
    return now;
  }
};

std::uint64_t outcomes_of(const pool_stats& stats) {
  std::uint64_t sum = 0;
  for (std::size_t one = 0; one < outcome_count; ++one) sum += stats.count(static_cast<outcome>(one));
  return sum;
}

}  // namespace

TEST_CASE("empty books are balanced and say 0 everywhere") {
  const books none(0);
  CHECK(none.sums().balanced());
  const pool_stats stats = none.stats();
  CHECK(stats.submitted + stats.accepted + stats.rejected + stats.started + stats.queued + stats.running == 0);
  CHECK(outcomes_of(stats) == 0);
}

TEST_CASE("calls that are counted together show as what they are, and can be taken back before they begin") {
  books pool;
  pool.intake.accept(priority::low);
  pool.intake.accept_more(priority::low, 9);
  CHECK(pool.stats().queued == 10);
  pool.guests.start(priority::low);
  pool.guests.run_through(priority::low, outcome::value, 4);
  pool_stats now = pool.stats();
  CHECK(now.running == 1);
  CHECK(now.started == 5);
  CHECK(now.completed == 4);
  pool.guests.settle(outcome::worker_lost);
  pool.intake.withdraw(priority::low, outcome::cancelled, 5);
  now = pool.stats();
  CHECK(now.queued + now.running == 0);
  CHECK(now.cancelled == 5);
  CHECK(now.worker_lost == 1);
  CHECK(pool.sums().balanced());

  pool.intake.accept_more(priority::high, 3);
  pool.intake.accept_more(priority::high, std::uint64_t{0} - 3);
  CHECK(pool.stats().accepted == 10);
}

TEST_CASE("a task shows as queued, then as running, then as its outcome") {
  books pool;
  pool.intake.accept(priority::high);
  CHECK(pool.stats().queued == 1);
  CHECK(pool.stats().queued_by_priority == std::array<std::size_t, priority_count>{0, 1, 0, 0});
  CHECK_FALSE(pool.sums().balanced());
  pool.workers[0].start(priority::high);
  CHECK(pool.stats().queued == 0);
  CHECK(pool.stats().running == 1);
  CHECK(pool.stats().started == 1);
  CHECK_FALSE(pool.sums().balanced());
  pool.workers[0].settle(outcome::failed);
  CHECK(pool.stats().running == 0);
  CHECK(pool.stats().failed == 1);
  CHECK(pool.stats().accepted == 1);
  CHECK(pool.stats().submitted == 1);
  CHECK(pool.sums().balanced());
}

TEST_CASE("a task that was counted as started and had not begun shows as queued again") {
  books pool;
  pool.intake.accept(priority::low);
  pool.workers[0].start(priority::low);
  pool.workers[0].take_back(priority::low);
  CHECK(pool.stats().queued == 1);
  CHECK(pool.stats().running == 0);
  CHECK(pool.stats().started == 0);
  pool.workers[0].start(priority::low);
  CHECK(pool.stats().queued == 0);
  CHECK(pool.stats().running == 1);
}

TEST_CASE("every outcome is counted as what it is, on workers, by guests and for the withdrawn") {
  books pool(2);
  for (std::size_t one = 0; one < outcome_count; ++one) {
    const auto result = static_cast<outcome>(one);
    for (std::size_t times = 0; times <= one; ++times) {
      for (int i = 0; i < 4; ++i) pool.intake.accept(lanes[one % lanes.size()]);
      for (run_books* const books : {&pool.workers[0], &pool.workers[1], &pool.guests}) {
        books->start(lanes[one % lanes.size()]);
        books->settle(result);
      }
      pool.intake.withdraw(lanes[one % lanes.size()], result);
    }
    CHECK(pool.stats().count(result) == 4 * (one + 1));
    CHECK(pool.workers[1].settled(result) == one + 1);
  }
  CHECK(pool.sums().balanced());
  CHECK(pool.stats().started == 3 * 36);
  CHECK(pool.stats().queued == 0);
  CHECK(pool.stats().running == 0);
}

TEST_CASE("a task that is put back is delayed, queued and running again, and has one outcome") {
  books pool;
  pool.intake.accept(priority::high);
  pool.workers[0].start(priority::high);
  for (unsigned attempt = 1; attempt <= 3; ++attempt) {
    CHECK(pool.stats().running == 1);
    CHECK(pool.stats().retried == attempt - 1);
    const bool put_back = pool.intake.attempts().put_back_if(priority::high, [&] {
      pool.intake.begin_delay(priority::high);
      return true;
    });
    CHECK(put_back);
    CHECK(pool.stats().running == 0);
    CHECK(pool.stats().delayed == 1);
    CHECK(pool.stats().queued == 0);
    CHECK(pool.intake.end_delay_if(priority::high, [] { return true; }));
    CHECK(pool.stats().delayed == 0);
    CHECK(pool.stats().queued_by_priority == std::array<std::size_t, priority_count>{0, 1, 0, 0});
    CHECK_FALSE(pool.sums().balanced());
    if (attempt < 3) pool.intake.attempts().begin(priority::high);
  }
  pool.intake.withdraw(priority::high, outcome::failed);
  CHECK(pool.sums().balanced());
  const pool_stats now = pool.stats();
  CHECK(now.started == 1);
  CHECK(now.retried == 2);
  CHECK(now.failed == 1);
  CHECK(now.running + now.queued + now.delayed == 0);
}

TEST_CASE("what is not put back, or does not end its delay, is not counted") {
  books pool;
  pool.intake.accept(priority::low);
  pool.workers[0].start(priority::low);
  CHECK_FALSE(pool.intake.attempts().put_back_if(priority::low, [] { return false; }));
  CHECK_FALSE(pool.intake.end_delay_if(priority::low, [] { return false; }));
  CHECK(pool.stats().running == 1);
  CHECK(pool.stats().delayed + pool.stats().queued == 0);
}

TEST_CASE("each lane has books of its own") {
  books pool;
  for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
    for (std::size_t i = 0; i < 10 * (lane + 1); ++i) pool.intake.accept(lanes[lane]);
    pool.workers[0].start(lanes[lane]);
    for (std::size_t i = 0; i <= lane; ++i) pool.intake.withdraw(lanes[lane], outcome::cancelled);
  }
  CHECK(pool.stats().queued_by_priority == std::array<std::size_t, priority_count>{8, 17, 26, 35});
  CHECK(pool.stats().queued == 86);
  CHECK(pool.stats().running == 4);
}

TEST_CASE("a refused task counts as submitted and rejected, one taken back does not count") {
  books pool;
  pool.intake.accept(priority::low);
  pool.intake.retract(priority::low);
  CHECK(pool.stats().submitted == 0);
  pool.intake.reject();
  CHECK(pool.stats().submitted == 1);
  CHECK(pool.stats().rejected == 1);
  CHECK(pool.stats().accepted == 0);
  CHECK(pool.sums().balanced());
}

TEST_CASE("what one thread accepted another one may take back") {
  books pool;
  for (int i = 0; i < 40; ++i) {  // more threads than there are stripes
    std::thread([&] { pool.intake.accept(priority::normal); }).join();
    std::thread([&] { pool.intake.retract(priority::normal); }).join();
  }
  CHECK(pool.stats().accepted == 0);
  CHECK(pool.sums().balanced());
}

TEST_CASE("what is accepted in turn counts like the rest, and every 64th of a slot is timed") {
  books pool;
  std::size_t timed = 0;
  for (std::size_t slot = 0; slot < 32; ++slot) {
    for (int i = 0; i < 128; ++i) timed += pool.intake.accept(priority::high, slot);
    pool.intake.accept(priority::high);
    pool.intake.accept(priority::low, slot);
    pool.intake.retract(priority::low, slot);
  }
  CHECK(timed == 64);
  CHECK(pool.stats().accepted == 32 * 129);
  CHECK(pool.stats().queued_by_priority[0] == 0);
  CHECK(pool.stats().queued_by_priority[1] == 32 * 129);
}

TEST_CASE("guests share their books without losing a count") {
  constexpr int threads = 2, meetings = 300, each = 2000;
  books pool(0);
  {
    std::atomic<int> arrived{0};
    std::vector<std::jthread> guests;
    for (int t = 0; t < threads; ++t) {
      guests.emplace_back([&] {
        for (int meeting = 1; meeting <= meetings; ++meeting) {
          ++arrived;
          for (spinner spin; arrived < threads * meeting;) spin.once();  // so that both run, and at the same time
          for (int i = 0; i < each; ++i) {
            pool.intake.accept(priority::normal);
            pool.guests.start(priority::normal);
            pool.guests.settle(outcome::value);
          }
        }
      });
    }
  }
  CHECK(pool.stats().completed == threads * meetings * each);
  CHECK(pool.sums().balanced());
}

TEST_CASE("no snapshot contradicts itself, whatever happens while it is taken") {
  constexpr std::size_t submitters = 2, workers = 2, each = 30'000;
  constexpr std::size_t in_flight_limit = 64;
  books pool(workers);
  std::array<std::atomic<std::int64_t>, priority_count> waiting{};  // stands in for the queue
  std::atomic<std::size_t> over{0};
  std::atomic<std::uint64_t> settled{0};
  int contradictions = 0, snapshots = 0, overfull = 0;
  const auto take = [&](std::size_t lane) {
    std::int64_t seen = waiting[lane].load(std::memory_order_relaxed);
    while (seen > 0 && !waiting[lane].compare_exchange_weak(seen, seen - 1, std::memory_order_acquire)) {
    }
    return seen > 0;
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t s = 0; s < submitters; ++s) {
      threads.emplace_back([&, s] {
        for (std::size_t i = 0; i < each; ++i) {
          const std::size_t lane = (i + s) % priority_count;
          while (waiting[lane].load(std::memory_order_relaxed) > static_cast<std::int64_t>(in_flight_limit)) {
            std::this_thread::yield();
          }
          if (i % 7 == 0) {
            pool.intake.accept(lanes[lane]);
            pool.intake.retract(lanes[lane]);
          }
          if (i % 11 == 0) pool.intake.reject();
          pool.intake.accept(lanes[lane]);
          waiting[lane].fetch_add(1, std::memory_order_release);
        }
        ++over;
      });
    }
    for (std::size_t w = 0; w < workers + 1; ++w) {
      threads.emplace_back([&, w] {
        run_books& mine = w < workers ? pool.workers[w] : pool.guests;
        for (std::size_t i = w; settled < submitters * each; ++i) {
          const std::size_t lane = i % priority_count;
          if (!take(lane)) {
            if (lane == 0) std::this_thread::yield();
            continue;
          }
          const auto result = static_cast<outcome>(i % outcome_count);
          if (i % 5 == 0) {
            pool.intake.withdraw(lanes[lane], result);
          } else {
            mine.start(lanes[lane]);
            mine.settle(result);
          }
          ++settled;
        }
      });
    }
    do {
      const pool_stats now = pool.stats();
      ++snapshots;
      const bool sound =
          now.submitted == now.accepted + now.rejected &&
          now.accepted == outcomes_of(now) + now.queued + now.delayed + now.running &&
          outcomes_of(now) <= now.accepted && now.started <= now.accepted && now.running <= now.started &&
          now.queued <= now.accepted &&
          now.queued == std::accumulate(now.queued_by_priority.begin(), now.queued_by_priority.end(), std::size_t{0});
      if (!sound) ++contradictions;
      for (const std::size_t queued : now.queued_by_priority) {
        if (queued > submitters * each) ++overfull;
      }
    } while (settled < submitters * each);
  }
  CHECK(snapshots > 0);
  CHECK(contradictions == 0);
  CHECK(overfull == 0);
  CHECK(over == submitters);
  const pool_stats end = pool.stats();
  CHECK(pool.sums().balanced());
  CHECK(end.accepted == submitters * each);
  CHECK(end.queued + end.running == 0);
  CHECK(outcomes_of(end) == submitters * each);
  CHECK(end.rejected == submitters * ((each + 10) / 11));
}
