#pragma once
#include <cstdio>

#include "w1_post/config.hpp"

/// W1b: W1 with tasks that carry 40 bytes, which each checks. More than the 16 a std::function keeps in place.
namespace bench::w1b_capture40 {

struct sum_tag;
struct damage_tag;

class carrying_body {
 public:
  explicit carrying_body(std::uint64_t number)
      : number_(number), mixed_{mix(number), mix(number + 1), mix(number + 2), mix(number + 3)} {}

  void operator()() const {
    for (std::uint64_t i = 0; i < 4; ++i) {
      if (mixed_[i] != mix(number_ + i)) tally<damage_tag>::add();
    }
    tally<sum_tag>::add(number_);
    tasks_run::add();
  }

  static bool all_right(std::size_t passes, std::size_t count) {
    const std::uint64_t sum = tally<sum_tag>::total();
    const std::uint64_t expected = passes * (std::uint64_t{count} * (count - 1) / 2);
    const std::uint64_t damaged = tally<damage_tag>::total();
    if (sum == expected && damaged == 0) return true;
    std::fprintf(stderr, "wrong answer: the numbers carried sum to %llu, expected %llu; %llu words were damaged\n",
                 static_cast<unsigned long long>(sum), static_cast<unsigned long long>(expected),
                 static_cast<unsigned long long>(damaged));
    return false;
  }

 private:
  static std::uint64_t mix(std::uint64_t number) { return number * 0x9e3779b97f4a7c15u; }

  std::uint64_t number_, mixed_[4];
};
static_assert(sizeof(carrying_body) == 40);

template <class Pool>
int run(std::size_t helpers = 0) {
  return w1_post::run<Pool, carrying_body>({.helpers = helpers});
}

}  // namespace bench::w1b_capture40
