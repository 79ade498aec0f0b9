#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/pool/fork_pool.hpp>

#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/left_behind.hpp"
#include "support/processes_marked.hpp"

/// Hosts of fork pools that are killed at random moments, with everything that workers may have at that time.
namespace workpool_test {

inline constexpr const char* host_mark = "WORKPOOL_KILLED_HOST";

/// A child in the worker's group, and an orphan and its child in a session of their own.
inline void have_strays() {
  if (::fork() == 0) {
    for (;;) ::pause();
  }
  if (::fork() == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    ::fork();
    for (;;) ::pause();
  }
}
inline void be_busy() {
  for (int n = 0; n < 20; ++n) ::usleep(1000);
}
inline std::string give_much(std::size_t size) { return std::string(size, 'x'); }
inline void crash() { std::abort(); }

/// Makes pools, uses them, and ends them, until it is killed.
[[noreturn]] inline void be_killed_host(workpool::start_method start) {
  using namespace std::chrono_literals;
  for (;;) {
    workpool::fork_pool pool({.workers = 3,
                              .start = start,
                              .output = workpool::child_output::discard,
                              .on_uncaught = workpool::on_uncaught::ignore});
    for (int n = 0; n < 100; ++n) {
      if (n % 4 == 0) pool.post(have_strays);
      if (n % 4 == 1) pool.post(be_busy);
      if (n % 4 == 2) pool.post(give_much, std::size_t{1} << 20);
      if (n % 16 == 3) pool.post(crash);
    }
    pool.shutdown({.drain = 100ms});
  }
}

/// Every process that is a host, or was started by one.
inline std::vector<int> processes_of_hosts() { return processes_marked(host_mark, std::to_string(::getpid())); }

/// Starts `host_mode` of this program so often and kills it. Gives: how many rounds went wrong, which it has told.
inline int kill_hosts(int rounds, std::uint64_t seed, const char* host_mode) {
  std::mt19937_64 random(seed);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever is left comes here
  ::setenv(host_mark, std::to_string(::getpid()).c_str(), 1);
  const char* const starts[] = {"zygote", "fork", "exec"};
  std::size_t seen = 0;
  int wrong = 0;
  for (int round = 0; round < rounds && wrong < 3; ++round) {
    const std::uint64_t part = random() % 1000;
    const std::chrono::microseconds moment(part * part * 500 / 1000);  // up to half a second, the beginning more often
    const char* const start = starts[round % 3];
    const pid_t host = ::fork();
    if (host == 0) {
      ::execl("/proc/self/exe", "killed_host", host_mode, start, nullptr);
      ::_exit(127);
    }
    const auto until = std::chrono::steady_clock::now() + moment;
    while (std::chrono::steady_clock::now() < until) ::usleep(200);
    if (round % 4 == 3) seen += processes_of_hosts().size();
    ::kill(host, SIGKILL);
    int status = 0;
    ::waitpid(host, &status, 0);
    const std::string left = left_behind(processes_of_hosts);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && left.empty()) continue;
    ++wrong;
    std::fprintf(stderr, "round %d, start %s, killed after %" PRId64 " us, seed %" PRIu64 ": status %d. %s\n", round,
                 start, static_cast<std::int64_t>(moment.count()), seed, status, left.c_str());
    for (const int one : processes_of_hosts()) ::kill(one, SIGKILL);
  }
  if (seen <= static_cast<std::size_t>(rounds) / 4) {
    std::fprintf(stderr, "hardly anybody was there to be left: %zu\n", seen);
    ++wrong;
  }
  return wrong;
}

inline workpool::start_method start_by_name(const std::string& name) {
  for (const auto one : {workpool::start_method::zygote, workpool::start_method::fork, workpool::start_method::exec}) {
    if (to_string(one) == name) return one;
  }
  return workpool::start_method::automatic;
}

}  // namespace workpool_test
