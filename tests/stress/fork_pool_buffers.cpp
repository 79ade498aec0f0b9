// fork_pool_buffers [rounds] [seed]: in each round a worker is killed while it holds 64 shared buffers, some of which
// it has made, and others work with theirs. All have to be reclaimed, and neither memory nor descriptors may grow.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <utility>
#include <vector>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/bytes_in_use.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/forking_main.hpp"
#include "support/hang_trap.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::open_descriptors;

namespace {

constexpr std::size_t count = 64;  // buffers of a worker

/// Half of them come, half of them are made here; then it dies, sooner or later.
void hold_and_die(const std::vector<wp::shared_buffer>& some, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<wp::shared_buffer> mine;
  const std::size_t last = random() % (count / 2 + 1);
  for (std::size_t n = 0; n < count / 2; ++n) {
    if (n == last) ::raise(SIGKILL);
    mine.push_back(wp::this_worker::make_buffer(1 + random() % 100'000));
    mine.back().span()[0] = some[n].span()[0];
  }
  ::raise(SIGKILL);
}

wp::shared_buffer next_of(const wp::shared_buffer& one) {
  auto made = wp::this_worker::make_buffer(sizeof(std::uint64_t));
  made.as<std::uint64_t>()[0] = one.as<std::uint64_t>()[0] + 1;
  return made;
}

}  // namespace

int forking_main(int argc, char** argv) {
  const std::uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 50;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}();
  std::printf("fork_pool_buffers: %" PRIu64 " rounds, seed %" PRIu64 "\n", rounds, seed);
  std::fflush(stdout);
  std::mt19937_64 random(seed);
  std::uint64_t wrong = 0, lost = 0;
  std::size_t descriptors = 0, memory = 0;
  const auto begin = std::chrono::steady_clock::now();
  wp::fork_pool pool({.workers = 2, .output = wp::child_output::discard});
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const workpool_test::hang_trap trap("fork_pool_buffers");
    {
      std::vector<wp::shared_buffer> all;
      for (std::size_t n = 0; n < count / 2; ++n) all.push_back(pool.make_buffer(1 + random() % 1'000'000));
      auto dies = pool.submit(hold_and_die, all, static_cast<unsigned>(random()));
      all.clear();
      auto one = pool.make_buffer(sizeof(std::uint64_t));
      for (std::uint64_t n = 0; n < 20; ++n) one = pool.submit({.retry = {.max_attempts = 3}}, next_of, one).get();
      if (one.as<std::uint64_t>()[0] != 20) ++wrong;
      try {
        dies.get();
        ++wrong;
      } catch (const wp::worker_lost&) {
        ++lost;
      }
    }
    if (!eventually([&] { return pool.stats().buffers == 0 && pool.stats().buffer_bytes == 0; })) ++wrong;
    if (round == std::min<std::uint64_t>(20, rounds / 2)) {
      static_cast<void>(eventually([&] { return pool.stats().workers_by_state[0] == 0; }, 1s));
      descriptors = open_descriptors().size();
      memory = workpool_test::bytes_in_use();
    }
  }
  const bool flat = eventually([&] { return open_descriptors().size() <= descriptors; }, 5s);
  const std::uint64_t now = workpool_test::bytes_in_use();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%" PRIu64 " workers killed, %" PRIu64 " wrong; descriptors %zu, then %zu; memory %" PRIu64
              " KiB, then %" PRIu64 " KiB; %.1f s\n",
              lost, wrong, descriptors, open_descriptors().size(), memory / 1024, now / 1024, seconds);
  const bool small = now <= memory + (std::uint64_t{4} << 20);
  return wrong == 0 && flat && small ? 0 : 1;
}
