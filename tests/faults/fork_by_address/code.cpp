// What is sent to workers: compiled in every way that is to be tried, while the pool is made in host.cpp.
#include "code.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

extern "C" int (*of_linked_library())(int);

namespace {

bool started = false;

[[gnu::noinline]] int plain(int number) { return number + 1; }
std::string joined(const std::vector<std::string>& words, char between) {
  std::string all;
  for (const std::string& word : words) all += word + between;
  return all;
}
template <int Factor>
int multiplied(int number) {
  return number * Factor;
}
struct adder {
  int operator()(int left, int right) const { return left + right; }
};

struct teller {
  const char* prefix;

  template <class T>
  void expect(const char* name, workpool::future<T> one, const T& wanted) const {
    try {
      tell(name, one.get() == wanted ? "good" : "wrong: it gives something else");
    } catch (const std::exception& error) {
      tell(name, std::string("refused: ") + error.what());
    }
  }
  void expect_death(const char* name, workpool::future<int> one) const {
    try {
      one.get();
      tell(name, "wrong: it lives");
    } catch (const workpool::worker_lost& lost) {
      tell(name, lost.report().signal == SIGABRT ? "good" : lost.what());
    } catch (const std::exception& error) {
      tell(name, std::string("refused: ") + error.what());
    }
  }
  void tell(const char* name, const std::string& what) const { std::printf("%s_%s %s\n", prefix, name, what.c_str()); }
};

}  // namespace

void (*const on_start)(workpool::worker_id) = [](workpool::worker_id) { started = true; };

void send_code(workpool::fork_pool& pool, const char* prefix) {
  const teller of{prefix};
  of.expect_death("death", pool.submit([]() -> int { std::abort(); }));
  of.expect("function", pool.submit(plain, 20), 21);
  of.expect("strings", pool.submit(joined, std::vector<std::string>{"a", "", "b"}, '.'), std::string("a..b."));
  of.expect("instance", pool.submit(multiplied<3>, 7), 21);
  of.expect("other_instance", pool.submit(multiplied<4>, 7), 28);
  of.expect("object", pool.submit(adder(), 20, 1), 21);
  of.expect("lambda", pool.submit([](int left, int right) { return left * right; }, 3, 7), 21);
  of.expect("reference", pool.submit([&](int left, int right) { return left - right; }, 3, 7), -4);
  of.expect("generic", pool.submit([](auto number) { return number / 2; }, 9.0), 4.5);
  of.expect("linked", pool.submit(of_linked_library(), 1), 101);
  // What on_start has set in the workers is the program's; a library has a copy of its own of this file.
  of.expect("on_start", pool.submit([] { return started; }), prefix == std::string("own"));
}
