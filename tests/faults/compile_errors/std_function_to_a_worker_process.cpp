// says: workpool: a std::function or the result of std::bind cannot be sent to a worker process
#include <functional>
#include <workpool/ipc/remote_callable.hpp>

int twice(int number) { return 2 * number; }

int main() {
#ifdef REPAIRED
  const auto callable = twice;
#else
  const std::function<int(int)> callable = twice;
#endif
  workpool::detail::check_remote_callable<decltype(callable)>();
}
