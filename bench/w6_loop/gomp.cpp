#include "peers/gomp.hpp"

#include "config.hpp"

namespace {

// The thread that asks is one of the team. The schedule is the default, which is static.
class contender {
 public:
  static std::string version() { return bench::peers::gomp_version(); }
  explicit contender(std::size_t threads) : threads_(static_cast<int>(threads)) {}
  template <class F>
  void loop(std::size_t count, F body) {
#pragma omp parallel for num_threads(threads_)
    for (std::size_t i = 0; i < count; ++i) body(i);
  }

 private:
  int threads_;
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
