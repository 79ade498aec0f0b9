// says: workpool: a member pointer cannot be sent to a worker process: write the call into a lambda
#include <workpool/ipc/remote_callable.hpp>

struct widget {
  int area() const { return 1; }
};

int main() {
#ifdef REPAIRED
  const auto callable = [](widget one) { return one.area(); };
#else
  const auto callable = &widget::area;
#endif
  workpool::detail::check_remote_callable<decltype(callable)>();
}
