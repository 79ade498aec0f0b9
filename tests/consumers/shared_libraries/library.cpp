#include "library.hpp"

#include "checks.hpp"

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

namespace {

int check_own_pools() {
  tally seen(TEXT(NAME));
  check_threads(seen);
  check_children(seen);
  return seen.right();
}

int add_number(int to) { return to + NUMBER; }
int ask_threads(wp::thread_pool& pool) {
  int one = 1;
  return pool.submit([&one] { return one + NUMBER; }).get();
}
int ask_children(wp::fork_pool& pool) { return pool.submit(add_number, 1).get(); }
bool is_inside_a_task() { return wp::this_worker::attempt() != 0; }
void wait_for(const wp::future<void>& one) { one.wait(); }

}  // namespace

const library& NAME() {
  static const library all{TEXT(NAME),  NUMBER,       check_own_pools,  add_number,
                           ask_threads, ask_children, is_inside_a_task, wait_for};
  return all;
}
