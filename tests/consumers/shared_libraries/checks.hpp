#pragma once
// What program and libraries do with pools of their own. Everything here is in each of them, under the same name and,
// NUMBER being another, not the same.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/pool.hpp>

namespace wp = workpool;

class tally {
 public:
  explicit tally(const char* who) noexcept : who_(who) {}
  void expect(bool is_right, const char* what) {
    if (is_right) {
      ++right_;
    } else {
      std::printf("%s: not right: %s\n", who_, what);
    }
  }
  int right() const noexcept { return right_; }

 private:
  const char* who_;
  int right_ = 0;
};

struct point {
  int x;
  std::string y;
};

inline point moved(const point& from, int by) { return {from.x + by + NUMBER, from.y + std::to_string(NUMBER)}; }

template <int Factor>
int multiplied(int number) {
  return number * Factor + NUMBER;
}

inline void check_threads(tally& seen) {
  wp::thread_pool pool{{.workers = 2, .queue = {.capacity = 100}}};
  int captured = 1;
  seen.expect(pool.submit([&captured] { return captured + NUMBER; }).get() == 1 + NUMBER, "a result of a thread");
  int sum = 0;
  for (const int one : wp::map(pool, std::vector<int>{1, 2, 3}, [](int n) { return n + NUMBER; })) sum += one;
  seen.expect(sum == 6 + 3 * NUMBER, "a map over threads");
  auto failed = pool.submit([] { throw std::runtime_error(std::to_string(NUMBER)); });
  try {
    failed.get();
  } catch (const std::runtime_error& error) {
    seen.expect(error.what() == std::to_string(NUMBER), "the error of a thread");
  }
  pool.shutdown();
  try {
    pool.post([] {});
  } catch (const wp::error& error) {
    seen.expect(error.code() == wp::errc::pool_stopped, "a refusal");
  }
}

inline void check_children(tally& seen) {
  wp::fork_pool pool{{.workers = 1}};
  seen.expect(pool.submit([] { return static_cast<int>(::getpid()); }).get() != static_cast<int>(::getpid()),
              "a lambda runs in another process");
  const point end = pool.submit(moved, point{1, "a"}, 2).get();
  seen.expect(end.x == 3 + NUMBER && end.y == "a" + std::to_string(NUMBER), "a function");
  seen.expect(pool.submit(multiplied<3>, 2).get() == 6 + NUMBER, "an instance of a template");
  seen.expect(pool.submit([](auto n) { return n + NUMBER; }, 0.5).get() == 0.5 + NUMBER, "a generic lambda");
  seen.expect(pool.submit([] { return wp::this_worker::attempt(); }).get() == 1, "the task in its worker");
  auto failed = pool.submit([] { throw std::runtime_error(std::to_string(NUMBER)); });
  try {
    failed.get();
  } catch (const wp::remote_error& error) {
    seen.expect(error.type() == "std::runtime_error", "the error of a child");
  }
  auto crash = pool.submit([] { std::raise(SIGKILL); });
  try {
    crash.get();
  } catch (const wp::worker_lost& lost) {
    seen.expect(lost.report().signal == SIGKILL && lost.code() == wp::errc::worker_lost, "the death of a child");
  }
  auto buffer = pool.make_buffer(100);
  pool.submit([](wp::shared_buffer both) { both.span()[99] = std::byte{7}; }, buffer).get();
  seen.expect(buffer.span()[99] == std::byte{7}, "memory that both see");
  seen.expect(pool.stats().completed == 6, "the books");
}
