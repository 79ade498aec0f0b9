// says: this argument cannot be sent to a worker process
#include <string>
#include <vector>
#include <workpool/ipc/call_codec.hpp>

struct order {
  int id;
#ifdef REPAIRED
  std::string customer;
#else
  const std::string* customer;
#endif
};

void use(workpool::byte_writer& into, const std::vector<order>& orders) {
  workpool::detail::encode_arguments(into, 1, orders);
}
