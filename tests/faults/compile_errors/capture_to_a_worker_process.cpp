// says: workpool: a callable for a worker process must not capture anything: pass the data as arguments
#include <workpool/ipc/remote_callable.hpp>

int main() {
  int value = 1;
#ifdef REPAIRED
  const auto callable = [](int number) { return number; };
#else
  const auto callable = [&value](int number) { return number + value; };
#endif
  workpool::detail::check_remote_callable<decltype(callable)>();
  return callable(value);
}
