// fork_pool_chaos [kills] [tasks] [seed]: random workers are killed while small tasks run. Every future has to
// be settled, only running tasks may be lost, none may give a wrong answer, none may run twice; in the end no process,
// no descriptor and no file may be left.
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool/fork_pool.hpp>

#include "support/forking_main.hpp"
#include "support/hang_trap.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 31;
  value *= 0x9e3779b97f4a7c15ULL;
  return value ^ (value >> 29);
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

// Children of this process and of those, zombies too: all that have it as an ancestor.
std::size_t descendants() {
  std::size_t count = 0;
  std::vector<std::string> left{std::to_string(::getpid())};
  while (!left.empty()) {
    const std::string pid = left.back();
    left.pop_back();
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + pid + "/task")) {
      if (std::FILE* const file = std::fopen((entry.path() / "children").c_str(), "r")) {
        for (int child = 0; std::fscanf(file, "%d", &child) == 1;) {
          ++count;
          left.push_back(std::to_string(child));
        }
        std::fclose(file);
      }
    }
  }
  return count;
}

struct tally {
  std::uint64_t right = 0, wrong = 0, lost = 0, other = 0;
};

}  // namespace

int forking_main(int argc, char** argv) {
  const std::uint64_t kills = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100;
  const std::uint64_t tasks = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100000;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device{}();
  std::printf("fork_pool_chaos: %" PRIu64 " kills among %" PRIu64 " tasks, seed %" PRIu64 "\n", kills, tasks, seed);
  std::fflush(stdout);
  const std::size_t descriptors_before = open_descriptors();
  tally seen;
  std::uint64_t killed = 0, deaths_told = 0;
  wp::pool_stats books;
  const auto begin = std::chrono::steady_clock::now();
  {
    std::optional<workpool_test::hang_trap> trap(std::in_place, "fork_pool_chaos");
    wp::fork_pool pool;
    std::atomic<std::uint64_t> deaths{0};
    const auto watch = pool.on_event<wp::event::worker_exited>([&](const wp::event::worker_exited&) { ++deaths; });
    // The killer sleeps until it has something to do: one that spun, even with yields, would take the one core of a
    // loaded machine from those it is to disturb.
    std::atomic<std::uint64_t> sent{0}, due{0}, news{0};
    const auto tell = [&news] {
      ++news;
      news.notify_one();
    };
    const auto births = pool.on_event<wp::event::worker_started>([&](const wp::event::worker_started&) { tell(); });
    std::thread killer([&] {
      std::mt19937_64 random(seed);
      while (sent < kills) {
        const std::uint64_t known = news;
        const std::vector<wp::worker_info> all = sent < due ? pool.workers() : std::vector<wp::worker_info>{};
        const int pid = all.empty() ? 0 : all[random() % all.size()].pid;
        if (pid > 0 && ::kill(pid, SIGKILL) == 0) {
          ++sent;
        } else {
          news.wait(known);
        }
      }
    });
    std::deque<std::pair<std::uint64_t, wp::future<std::uint64_t>>> running;
    const auto collect = [&] {
      auto [value, result] = std::move(running.front());
      running.pop_front();
      try {
        ++(result.get() == mixed(value) ? seen.right : seen.wrong);
      } catch (const wp::worker_lost& lost) {
        const auto& report = lost.report();
        const bool explained = report.why == wp::crash_report::cause::signal && report.signal == SIGKILL;
        ++(explained ? seen.lost : seen.other);
      } catch (const std::exception& unexpected) {
        std::printf("task %" PRIu64 ": %s\n", value, unexpected.what());
        ++seen.other;
      }
    };
    auto told = begin;
    for (std::uint64_t n = 0; n < tasks; ++n) {
      running.emplace_back(n, pool.submit([](std::uint64_t value) { return mixed(value); }, n));
      if (running.size() >= 256) collect();
      if (const std::uint64_t now_due = (n + 1) * kills / tasks; now_due > due) {  // evenly over the run
        due = now_due;
        tell();
      }
      if (n % 1024 == 0 && std::chrono::steady_clock::now() - told > 5s) {
        told = std::chrono::steady_clock::now();
        trap.emplace("fork_pool_chaos");  // as long as it goes on it may take its time
        std::printf("  %" PRIu64 " tasks, %" PRIu64 " kills\n", n, sent.load());
        std::fflush(stdout);
      }
    }
    while (!running.empty()) collect();
    killer.join();
    pool.wait_idle();
    killed = sent;
    books = pool.stats();
    pool.shutdown();
    deaths_told = deaths;
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::size_t processes_after = descendants();
  const std::size_t descriptors_after = open_descriptors();
  std::printf("%" PRIu64 " right, %" PRIu64 " lost, %" PRIu64 " wrong, %" PRIu64 " other; %" PRIu64 " kills, %" PRIu64
              " deaths told, %" PRIu64 " workers started; %.1f s, %.0f tasks/s\n",
              seen.right, seen.lost, seen.wrong, seen.other, killed, deaths_told, books.workers_started, took,
              static_cast<double>(tasks) / took);
  std::printf("left: %zu processes, descriptors %zu before and %zu after\n", processes_after, descriptors_before,
              descriptors_after);
  const bool well = seen.wrong == 0 && seen.other == 0 && seen.right + seen.lost == tasks && seen.lost <= killed &&
                    killed == kills && books.completed == seen.right && books.worker_lost == seen.lost &&
                    processes_after == 0 && descriptors_after == descriptors_before;
  std::printf("%s\n", well ? "well" : "BROKEN");
  return well ? 0 : 1;
}
