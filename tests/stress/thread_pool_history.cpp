// Everything at once on small pools for so many seconds, and a checker over what everybody saw.
//
//   thread_pool_history <seconds> <seed> [<snapshots wanted>]
//
// Producers submit with all priorities, cancel, drop futures, post and throw; controllers purge, pause, resume and shut
// down; a bookkeeper takes snapshots. Every task notes in a cell of its own that it was accepted, that it started, that
// its callable was destroyed; its future says how it ended. At the end of every round the checker goes through all
// cells: each accepted task reached exactly one outcome, ran exactly once if that outcome says so and never otherwise,
// rejected ones never ran, nothing leaked, and the books say the same as the cells.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/queue/fifo_queue.hpp>

#include "support/hang_trap.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t outcomes = 8;
constexpr int unknown = -1;

struct cell {
  std::atomic<int> accepted{0}, rejected{0}, started{0}, destroyed{0};
  std::atomic<int> ended{unknown};
  bool has_future = false;
  bool helped = false;
};

struct witness {
  explicit witness(cell& one) : seen(&one) {}
  witness(witness&& other) noexcept : seen(std::exchange(other.seen, nullptr)) {}
  ~witness() {
    if (seen != nullptr) ++seen->destroyed;
  }
  cell* seen;
};

struct totals {
  std::uint64_t tasks = 0, rounds = 0, snapshots = 0;
  std::array<std::uint64_t, outcomes> ended{};
  std::uint64_t rejected = 0;
};

[[noreturn]] void fail(const std::string& what, std::uint64_t seed) {
  std::fprintf(stderr, "thread_pool_history: %s (seed %llu)\n", what.c_str(), static_cast<unsigned long long>(seed));
  std::abort();
}

void check_snapshot(const wp::pool_stats& now, std::uint64_t seed) {
  std::uint64_t sum = 0;
  for (std::size_t one = 0; one < outcomes; ++one) sum += now.count(static_cast<wp::outcome>(one));
  if (now.submitted != now.accepted + now.rejected) fail("submitted is not accepted + rejected", seed);
  if (sum > now.accepted) fail("more outcomes than accepted tasks", seed);
  if (now.accepted != sum + now.queued + now.delayed + now.running) fail("the books do not balance", seed);
  if (now.accepted > (std::uint64_t{1} << 62) || now.queued > (std::size_t{1} << 62) ||
      now.running > (std::size_t{1} << 62)) {
    fail("a count is negative", seed);
  }
}

template <class Pool>
class trial {
 public:
  trial(std::uint64_t seed, totals& sums) : seed_(seed), random_(seed), sums_(sums) {}

  void run() {
    constexpr std::size_t producers = 3, each = 400;
    const wp::on_full policies[] = {wp::on_full::block, wp::on_full::reject, wp::on_full::caller_runs,
                                    wp::on_full::drop_oldest};
    wp::pool_options options;
    options.workers = 1 + random_() % 3;
    options.queue.capacity = random_() % 3 == 0 ? 0 : 1 + random_() % 20;
    options.queue.on_full = policies[random_() % 4];
    if (random_() % 2 == 0) options.queue.block_for = 200us;
    options.queue.fifo = random_() % 2 == 0;
    options.queue.aging = static_cast<unsigned>(random_() % 5);
    options.on_uncaught = wp::on_uncaught::ignore;
    cells_ = std::vector<cell>(producers * each);
    const bool ends_early = random_() % 2 == 0;
    const wp::shutdown_options ending{.drain = 10s,
                                      .pending = random_() % 2 == 0 ? wp::pending::run : wp::pending::discard};
    {
      Pool pool(options);
      pool_ = &pool;
      std::atomic<bool> over{false};
      std::thread bookkeeper([&] { keep_books(over); });
      std::thread controller([&, seed = random_()] { control(over, seed); });
      std::vector<std::thread> crew;
      for (std::size_t one = 0; one < producers; ++one) {
        crew.emplace_back([&, one, seed = random_()] { produce(one * each, each, seed); });
      }
      if (ends_early) {
        std::this_thread::sleep_for(std::chrono::microseconds(random_() % 3000));
        pool.shutdown(ending);
      }
      for (auto& one : crew) one.join();
      over = true;
      controller.join();
      pool.resume();
      if (!ends_early) pool.wait_idle();
      bookkeeper.join();
      pool.shutdown();
      last_ = pool.stats();
      check_snapshot(last_, seed_);
    }
    check();
  }

 private:
  void produce(std::size_t first, std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::pair<cell*, wp::future<int>>> held;
    for (std::size_t one = first; one < first + count; ++one) {
      cell& mine = cells_[one];
      const wp::task_options options{.priority = static_cast<wp::priority>(random() % 4)};
      const unsigned long kind = random() % 8;
      auto body = [seen = witness(mine), kind]() -> int {
        ++seen.seen->started;
        if (kind == 1) throw 1;
        if (kind == 2) throw wp::task_cancelled("of its own will");
        if (kind == 3) std::this_thread::yield();
        return 7;
      };
      try {
        if (kind == 4) {
          pool_->post(options, std::move(body));
          ++mine.accepted;
        } else if (kind == 5) {
          auto answer = pool_->try_submit(options, std::move(body));
          ++(answer ? mine.accepted : mine.rejected);
          if (answer) keep(held, mine, *std::move(answer), random);
        } else {
          auto result = pool_->submit(options, std::move(body));
          ++mine.accepted;
          keep(held, mine, std::move(result), random);
        }
      } catch (const wp::error&) {
        ++mine.rejected;
      }
      if (!held.empty() && random() % 4 == 0) settle_one(held, random);
    }
    for (auto& [mine, result] : held) collect(*mine, std::move(result));
  }

  using futures = std::vector<std::pair<cell*, wp::future<int>>>;

  static void keep(futures& held, cell& mine, wp::future<int> result, std::mt19937_64& random) {
    if (random() % 6 == 0) return;  // dropped
    mine.has_future = true;
    held.emplace_back(&mine, std::move(result));
  }

  void settle_one(futures& held, std::mt19937_64& random) {
    const std::size_t which = random() % held.size();
    auto& [mine, result] = held[which];
    switch (random() % 3) {
      case 0:
        static_cast<void>(result.cancel());
        break;
      case 1:
        static_cast<void>(result.wait_for(50us));
        break;
      default:
        mine->helped = true;
        collect(*mine, std::move(result), true);
        held.erase(held.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }

  void collect(cell& mine, wp::future<int> result, bool helping = false) {
    if (helping && !result.ready()) {
      const wp::future<int>& seen = result;
      if (seen.wait_for(0s) != std::future_status::ready) {
        int value = 0;
        note(
            mine, [&] { value = result.get(wp::help); }, value);
        return;
      }
    }
    result.wait();
    const wp::outcome ended = *result.outcome();
    int value = 0;
    note(
        mine, [&] { value = result.get(); }, value);
    if (mine.ended != static_cast<int>(ended)) fail("get() and outcome() disagree", seed_);
  }

  template <class Get>
  void note(cell& mine, Get get, const int& value) {
    wp::outcome ended = wp::outcome::value;
    try {
      get();
      if (value != 7) fail("a foreign value", seed_);
    } catch (int) {
      ended = wp::outcome::failed;
    } catch (const wp::task_cancelled&) {
      ended = wp::outcome::cancelled;
    } catch (const wp::task_discarded&) {
      ended = wp::outcome::discarded;
    }
    if (mine.destroyed == 0) fail("the callable outlived get()", seed_);
    if (mine.ended.exchange(static_cast<int>(ended)) != unknown) fail("two outcomes", seed_);
  }

  void control(const std::atomic<bool>& over, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!over) {
      switch (random() % 6) {
        case 0:
          pool_->pause();
          std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
          pool_->resume();
          break;
        case 1:
          static_cast<void>(pool_->purge());
          break;
        case 2:
          static_cast<void>(pool_->purge(static_cast<wp::priority>(random() % 4)));
          break;
        case 3:
          static_cast<void>(pool_->wait_idle_for(100us));
          break;
        default:
          std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
      }
    }
    pool_->resume();
  }

  void keep_books(const std::atomic<bool>& over) {
    while (!over) {
      check_snapshot(pool_->stats(), seed_);
      ++sums_.snapshots;
      std::this_thread::yield();
    }
  }

  void check() {
    std::uint64_t accepted = 0, rejected = 0, started = 0;
    std::array<std::uint64_t, outcomes> seen{};
    for (const cell& one : cells_) {
      if (one.accepted + one.rejected != 1) fail("a task neither accepted nor rejected", seed_);
      if (one.destroyed != 1) fail("a callable destroyed " + std::to_string(one.destroyed) + " times", seed_);
      if (one.started > 1) fail("a task ran twice", seed_);
      if (one.rejected == 1 && one.started != 0) fail("a rejected task ran", seed_);
      if (one.has_future && one.ended == unknown) fail("a future without an outcome", seed_);
      if ((one.ended == 0 || one.ended == 1) && one.started != 1) fail("an outcome of a body that never ran", seed_);
      if (one.ended == static_cast<int>(wp::outcome::discarded) && one.started != 0)
        fail("a discarded task ran", seed_);
      accepted += static_cast<std::uint64_t>(one.accepted);
      rejected += static_cast<std::uint64_t>(one.rejected);
      started += static_cast<std::uint64_t>(one.started);
      if (one.ended != unknown) ++seen[static_cast<std::size_t>(one.ended.load())];
    }
    if (accepted != last_.accepted) fail("accepted: cells and books disagree", seed_);
    if (rejected != last_.rejected) fail("rejected: cells and books disagree", seed_);
    if (started != last_.started) fail("started: cells and books disagree", seed_);
    if (last_.queued + last_.running + last_.overrunning != 0) fail("something is left over", seed_);
    std::uint64_t sum = 0;
    for (std::size_t one = 0; one < outcomes; ++one) {
      const std::uint64_t booked = last_.count(static_cast<wp::outcome>(one));
      if (seen[one] > booked) fail("an outcome the books do not know", seed_);
      sum += booked;
      sums_.ended[one] += booked;
    }
    if (sum != accepted) fail("not every accepted task has its outcome", seed_);
    sums_.tasks += accepted;
    sums_.rejected += rejected;
    ++sums_.rounds;
  }

  const std::uint64_t seed_;
  std::mt19937_64 random_;
  totals& sums_;
  Pool* pool_ = nullptr;
  std::vector<cell> cells_;
  wp::pool_stats last_;
};

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  const std::uint64_t wanted = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  totals sums;
  while (std::chrono::steady_clock::now() < end || sums.snapshots < wanted) {
    const workpool_test::hang_trap trap("thread_pool_history, seed " + std::to_string(seed));
    if (seed % 4 == 0) {
      trial<wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>>(seed, sums).run();
    } else {
      trial<wp::thread_pool>(seed, sums).run();
    }
    ++seed;
  }
  std::printf(
      "rounds %llu, accepted %llu (value %llu, failed %llu, cancelled %llu, discarded %llu), rejected %llu, "
      "snapshots %llu: every accepted task ended exactly once, the books balanced\n",
      static_cast<unsigned long long>(sums.rounds), static_cast<unsigned long long>(sums.tasks),
      static_cast<unsigned long long>(sums.ended[0]), static_cast<unsigned long long>(sums.ended[1]),
      static_cast<unsigned long long>(sums.ended[2]), static_cast<unsigned long long>(sums.ended[6]),
      static_cast<unsigned long long>(sums.rejected), static_cast<unsigned long long>(sums.snapshots));
  return 0;
}
