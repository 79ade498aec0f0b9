// What goes wrong with shared buffers.
#include <cstddef>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace wp::literals;

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;
  //! [wrong]
  wp::fork_pool pool{{.name = "images", .workers = 1, .buffer_memory = 1_MiB}};
  const wp::shared_buffer first = pool.make_buffer(600_KiB);
  say("more than buffer_memory", [&] { static_cast<void>(pool.make_buffer(600_KiB)); });
  say("this_worker::make_buffer in the host", [] { static_cast<void>(wp::this_worker::make_buffer(100)); });

  wp::fork_pool other{1};
  say("a buffer of another pool", [&] { other.post([](const wp::shared_buffer&) {}, first); });
  //! [wrong]
}
