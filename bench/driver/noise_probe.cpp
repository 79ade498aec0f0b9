// The same fixed amount of arithmetic on two cores at once, each thread bound to its own. Prints how long the slower
// one took, in nanoseconds: more than in a quiet moment means that something else was running.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

std::vector<int> allowed_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) cores.push_back(core);
  }
  return cores;
}

void bind_to(int core) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(core, &only);
  pthread_setaffinity_np(pthread_self(), sizeof only, &only);
}

// About 10 ms on a core of 2020: ten times a scheduling hiccup, a tenth of a measured run.
constexpr std::uint64_t steps = 8'000'000;

std::uint64_t work(std::uint64_t seed) {
  for (std::uint64_t i = 0; i < steps; ++i) seed = seed * 6364136223846793005u + 1442695040888963407u;
  return seed;
}

}  // namespace

int main() {
  const auto cores = allowed_cores();
  const std::size_t count = std::min<std::size_t>(2, cores.size());
  std::atomic<std::size_t> ready{0};
  std::atomic<std::uint64_t> kept{0};
  std::vector<double> took(count);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      bind_to(cores[i]);
      ready.fetch_add(1);
      while (ready.load() < count) std::this_thread::yield();
      const auto start = std::chrono::steady_clock::now();
      kept.fetch_add(work(i), std::memory_order_relaxed);
      took[i] = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
    });
  }
  for (auto& one : threads) one.join();
  std::printf("%.0f\n", *std::max_element(took.begin(), took.end()));
  return kept.load() == 0;
}
