// Many at once.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;

//! [program]
void run() {
  wp::thread_pool pool;
  std::vector<int> prices{3, 1, 4, 1, 5, 9, 2, 6};

  wp::for_each(pool, prices, [](int& price) { price *= 10; });  // in place; the caller helps

  const int total = wp::transform_reduce(pool, prices, 0, std::plus<>(), [](int price) { return price; });
  std::cout << "total " << total << '\n';

  for (const std::string& label : wp::map(pool, prices, [](int price) { return std::to_string(price) + " EUR"; })) {
    std::cout << label << ", ";  // in the order of the input
  }
  std::cout << '\n';
}
//! [program]

void bulk() {
  wp::thread_pool pool;
  //! [bulk]
  std::vector<std::size_t> squares(1000);
  wp::future<void> all = pool.submit_bulk(squares.size(), [&](std::size_t i) { squares[i] = i * i; });
  all.get();  // settled when every call has returned; throws the first error
  //! [bulk]
  std::cout << "bulk: " << squares.back() << '\n';
}

void window() {
  wp::thread_pool pool;
  //! [window]
  std::vector<int> numbers(1'000'000);
  std::iota(numbers.begin(), numbers.end(), 1);
  int found = 0;
  for (int square : wp::map(pool, numbers, [](int n) { return n * n; }, {.window = 8})) {
    if (square > 500) {
      found = square;
      break;  // at most 8 more were asked for; what has not started is cancelled, and every body has returned
    }
  }
  //! [window]
  std::cout << "map: the first square above 500 is " << found << '\n';
}

//! [group]
std::size_t count_leaves(wp::thread_pool& pool, int depth) {
  if (depth == 0) return 1;
  std::atomic<std::size_t> leaves{0};
  wp::task_group children{pool};
  for (int n = 0; n < 3; ++n) children.run([&] { leaves += count_leaves(pool, depth - 1); });
  children.wait();  // a worker that waits runs what it waits for, and never a stranger's task
  return leaves;
}
//! [group]

//! [fork]
void sort(wp::thread_pool& pool, std::vector<int>::iterator first, std::vector<int>::iterator last) {
  if (last - first < 1000) return std::sort(first, last);
  const auto middle = first + (last - first) / 2;
  wp::parallel_invoke(
      pool, [&] { sort(pool, first, middle); }, [&] { sort(pool, middle, last); });
  std::inplace_merge(first, middle, last);
}
//! [fork]

void nested() {
  wp::thread_pool pool;
  std::cout << "group: " << count_leaves(pool, 5) << " leaves\n";
  std::vector<int> numbers(20'000);
  for (std::size_t n = 0; n < numbers.size(); ++n) numbers[n] = static_cast<int>((n * 7919) % numbers.size());
  pool.submit([&] { sort(pool, numbers.begin(), numbers.end()); }).get();
  std::cout << "fork: sorted is " << std::boolalpha << std::ranges::is_sorted(numbers) << '\n';
}

void wrong() {
  say("an error in a loop", [] {
    wp::thread_pool pool;
    const std::vector<int> numbers{1, 2, 3};
    wp::for_each(pool, numbers, [](int n) {
      if (n == 2) throw std::runtime_error("2 is not allowed");
    });
  });
  say("a loop over a pool that was shut down", [] {
    wp::thread_pool pool;
    pool.shutdown();
    const std::vector<int> numbers{1, 2, 3};
    wp::for_each(pool, numbers, [](int) {});
  });
  say("task_group::wait inside of a body of the group", [] {
    wp::thread_pool pool;
    wp::task_group group{pool};
    group.run({.name = "inner"}, [&] { group.wait(); });
    group.wait();
  });
}

int main() {
  run();
  bulk();
  window();
  nested();
  wrong();
}
