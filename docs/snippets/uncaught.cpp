// What a posted task throws.
#include <stdexcept>
#include <workpool/pool.hpp>

namespace wp = workpool;

int main() {
  //! [program]
  wp::thread_pool pool{{.name = "pages", .workers = 1}};
  pool.post({.name = "index"}, [] { throw std::out_of_range("page 7 is torn"); });
  //! [program]
}
