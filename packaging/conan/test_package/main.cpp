#include <unistd.h>

#include <iostream>

#include <workpool/pool/thread_pool.hpp>
#include <workpool/version.hpp>
#ifdef WITH_FORK
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker_entry.hpp>
#endif

int main([[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
#ifdef WITH_FORK
  if (const auto code = workpool::worker_entry(argc, argv)) return *code;
  workpool::fork_pool children{{.workers = 1}};
  if (children.submit([] { return static_cast<int>(getpid()); }).get() == static_cast<int>(getpid())) return 1;
#endif
  workpool::thread_pool threads{2};
  const int sum = threads.submit([](int a, int b) { return a + b; }, 2, 3).get();
  std::cout << "workpool " << WORKPOOL_VERSION << ": 2 + 3 = " << sum << '\n';
  return sum == 5 ? 0 : 1;
}
