// says: workpool: only a function or a lambda can be called in a worker process
#include <workpool/ipc/remote_callable.hpp>

int main() {
#ifdef REPAIRED
  workpool::detail::check_remote_callable<int (*)(int)>();
#else
  workpool::detail::check_remote_callable<int*>();
#endif
}
