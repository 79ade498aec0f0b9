#include <workpool/select/sticky.hpp>

#include "config.hpp"

namespace {

/// Every task with one of 64 keys.
class keyed_pool : public bench::w1t_strategies::choosing_pool<workpool::select::sticky> {
 public:
  using choosing_pool::choosing_pool;

  template <class F>
  void post(F body) {
    pool_.post({.key = 1 + next_++ % 64}, std::move(body));
  }

 private:
  std::uint64_t next_ = 0;
};

}  // namespace

int main() { return bench::w1_post::run<keyed_pool>(); }
