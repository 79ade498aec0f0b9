#include "peers/gomp.hpp"

#include "config.hpp"

namespace {

long recurse(int n) {
  if (n < 2) return n;
  long a = 0;
#pragma omp task untied shared(a) firstprivate(n)
  a = recurse(n - 1);
  const long b = recurse(n - 2);
#pragma omp taskwait
  return a + b;
}

// The thread that asks is one of the team.
class contender {
 public:
  static std::string version() { return bench::peers::gomp_version(); }
  explicit contender(std::size_t threads) : threads_(static_cast<int>(threads)) {}
  long fib(int n) {
    long answer = 0;
#pragma omp parallel num_threads(threads_)
#pragma omp single
    answer = recurse(n);
    return answer;
  }

 private:
  int threads_;
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
