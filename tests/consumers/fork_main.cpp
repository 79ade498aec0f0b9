// The same with fork pools, built by each consumer test that has Boost: 0 when the tasks ran, one in another process.
#include <unistd.h>

#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/worker_entry.hpp>

namespace wp = workpool;

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;
  wp::thread_pool threads{2};
  wp::fork_pool children{{.workers = 1}};
  const int sum = threads.submit([](int a, int b) { return a + b; }, 2, 3).get();
  const int child = children.submit([] { return static_cast<int>(getpid()); }).get();
  return sum == 5 && child != static_cast<int>(getpid()) ? 0 : 1;
}
