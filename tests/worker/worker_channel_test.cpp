#include <workpool/worker/worker_channel.hpp>

#include <cstddef>
#include <utility>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/worker/worker_memory.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

namespace wp = workpool;
using namespace workpool::detail;
using workpool_test::patterned;

namespace {

std::pair<worker_channel, worker_channel> pair(bool rings) {
  socket_pair ends = socket_pair::make(socket_kind::stream);
  if (!rings) {
    return {worker_channel(socket_stream(std::move(ends.left)), 4096),
            worker_channel(socket_stream(std::move(ends.right)), 4096)};
  }
  const unique_fd descriptor = worker_memory::make(true);
  const worker_memory host = worker_memory::of(descriptor.get(), true),
                      worker = worker_memory::of(descriptor.get(), true);
  return {worker_channel(host.rings(std::move(ends.left), ring_stream::side::left), 4096),
          worker_channel(worker.rings(std::move(ends.right), ring_stream::side::right), 4096)};
}

}  // namespace

TEST_CASE("host and worker talk through a socket, or through rings") {
  const bool rings = GENERATE(false, true);
  auto [host, worker] = pair(rings);
  CHECK(host.in_shared_memory() == rings);
  CHECK(worker.arm());
  REQUIRE(host.send({.task = 1, .kind = wp::frame_kind::task}, patterned(100)) == wp::transfer::done);
  CHECK(worker.has_arrived() == rings);
  CHECK(worker.wait(wp::wait_for::reading, wp::time_point::max()));
  wp::frame got;
  REQUIRE(worker.receive(got) == wp::transfer::done);
  CHECK(got.payload == patterned(100));
  worker.disarm();
  host.close();
  CHECK(host.wait_handle() == -1);
  CHECK(worker.wait(wp::wait_for::reading, wp::time_point::max()));
  CHECK(worker.receive(got) == wp::transfer::closed);
}
