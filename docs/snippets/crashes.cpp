// What can go wrong in a child, and what becomes of it.
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace wp::literals;

//! [program]
void parse(int page) {
  if (page != 7) return;
  std::cerr << "page 7: unexpected end of stream" << std::endl;
  std::abort();
}

void run() {
  wp::fork_pool pool{{.name = "parsers", .workers = 2, .output = wp::child_output::discard}};
  int parsed = 0;
  for (int page = 1; page <= 10; ++page) {
    try {
      pool.submit({.name = "parse"}, parse, page).get();
      ++parsed;
    } catch (const wp::worker_lost& lost) {  // that one task; the pool goes on with a new worker
      const wp::crash_report& report = lost.report();
      std::cout << report.task_name << " died: " << to_string(report.why) << ' ' << report.signal << '\n'
                << "it said: " << report.stderr_tail;  // at most the last 4 KiB
      std::cout << "a backtrace was written: " << (report.backtrace.empty() ? "no" : "yes") << '\n';
    }
  }
  std::cout << parsed << " pages parsed, " << pool.stats().worker_lost << " lost with its worker\n";
}
//! [program]

void time_is_up() {
  //! [timeout]
  wp::fork_pool pool{{.workers = 1, .abort_grace = 20ms, .kill_timeout = 100ms}};
  auto endless = pool.submit({.timeout = 50ms}, [] {
    for (;;) std::this_thread::sleep_for(1h);  // looks at no stop token and cares for no signal
  });
  endless.wait();  // settled after 50 ms; the child is asked, gets SIGTERM after 20 ms more, SIGKILL after 100 ms more
  std::cout << "the endless one: " << to_string(*endless.outcome()) << '\n';
  std::cout << "the next one: " << pool.submit([] { return 42; }).get() << '\n';
  //! [timeout]
}

void again() {
  wp::fork_pool pool{{.workers = 1}};
  //! [retry]
  auto stubborn = pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 1ms}}}, [] {
    if (wp::this_worker::attempt() < 3) std::raise(SIGKILL);  // a lost worker counts as a failure, too
    return wp::this_worker::attempt();
  });
  std::cout << "attempt " << stubborn.get() << " gave a value\n";
  //! [retry]
}

void limits() {
  //! [limits]
  wp::fork_pool pool{{.workers = 1,
                      .max_tasks = 500,        // then a fresh worker takes over
                      .soft_memory = 256_MiB,  // above it the worker is replaced between two tasks
                      .hard_memory = 512_MiB,  // above it the worker is killed; looked at every 20 ms
                      .limits = {.open_files = 64, .cpu_seconds = 60}}};
  //! [limits]
  std::cout << "limited: " << pool.submit([] { return 1; }).get() << '\n';
}

void output() {
  //! [output]
  std::vector<std::string> lines;
  {
    wp::fork_pool pool{{.workers = 1,
                        .output = wp::child_output::capture,
                        .on_output = [&](wp::worker_id worker, int fd, std::string_view line) {
                          lines.push_back("worker " + std::to_string(worker) + ", fd " + std::to_string(fd) + ": " +
                                          std::string(line));
                        }}};
    pool.submit([] { std::cout << "half done\n"; }).get();  // written when the task is over: no flush is needed
    pool.submit([] { std::cerr << "all done\n"; }).get();
  }
  for (const std::string& line : lines) std::cout << line << '\n';
  //! [output]
}

void wrong() {
  say("a fatal signal", [] {
    wp::fork_pool pool{1};
    pool.submit({.name = "parse"}, [] { std::raise(SIGBUS); }).get();
  });
  say("exit(3)", [] {
    wp::fork_pool pool{1};
    pool.submit({.name = "parse"}, [] { std::exit(3); }).get();
  });
  say("more memory than hard_memory", [] {
    wp::fork_pool pool{{.workers = 1, .hard_memory = 64_MiB}};
    pool.submit({.name = "parse"},
                [] {
                  std::vector<char> all(256_MiB, 'x');
                  for (;;) std::this_thread::sleep_for(1s);
                })
        .get();
  });
  say("no heartbeat within health.timeout", [] {
    wp::fork_pool pool{{.workers = 1, .abort_grace = 1ms, .kill_timeout = 1ms, .health = {.timeout = 100ms}}};
    pool.submit({.name = "parse"},
                [] {
                  wp::this_worker::heartbeat();  // promises the next one
                  for (;;) std::this_thread::sleep_for(1s);
                })
        .get();
  });
  say("a key that has killed two workers", [] {
    wp::fork_pool pool{{.name = "parsers", .workers = 1, .quarantine = {.kills = 2, .window = 1h}}};
    for (int n = 0; n < 2; ++n) pool.submit({.key = 7}, [] { std::raise(SIGKILL); }).wait();
    pool.post({.key = 7}, [] {});
  });
  say("a running task that was cancelled", [] {
    wp::fork_pool pool{{.workers = 1, .abort_grace = 1ms, .kill_timeout = 1ms}};
    auto one = pool.submit({.name = "parse"}, [] {
      for (;;) std::this_thread::sleep_for(1s);
    });
    while (pool.stats().running == 0) std::this_thread::yield();
    one.cancel();
    one.get();
  });
}

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;
  run();
  time_is_up();
  again();
  limits();
  output();
  wrong();
  return 0;
}
