// What one does in Python with concurrent.futures.
//! [program]
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <vector>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>

namespace wp = workpool;

int parse(int page) {
  if (page == 3) throw std::invalid_argument("page 3 is torn");
  return page * 100;
}

void values_and_errors() {
  wp::fork_pool pool{2};
  auto first = pool.submit(parse, 1);
  auto torn = pool.submit(parse, 3);
  std::cout << "one: " << first.get() << '\n';
  try {
    torn.get();
  } catch (const wp::remote_error& error) {  // error.type() is "std::invalid_argument"
    std::cout << "failed: " << error.what() << '\n';
  }
  std::cout << "all:";
  for (const int words : wp::map(pool, std::vector{4, 5, 6}, parse)) std::cout << ' ' << words;
  std::cout << '\n';
}
//! [program]

//! [broken]
int parse_or_die(int page) {
  if (page == 2) std::abort();
  return page * 100;
}

void a_worker_dies() {
  wp::fork_pool pool{1};
  std::vector<wp::future<int>> pages;
  for (const int page : {1, 2, 3}) pages.push_back(pool.submit(parse_or_die, page));
  for (auto& page : pages) {
    try {
      std::cout << page.get() << '\n';
    } catch (const wp::worker_lost&) {
      std::cout << "worker_lost\n";  // page 2 alone
    }
  }
  std::cout << pool.submit(parse_or_die, 4).get() << '\n';
}
//! [broken]

//! [main]
int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;  // what `if __name__ == "__main__"` is there
  values_and_errors();
  a_worker_dies();
}
//! [main]
