#include <workpool/worker/worker_memory.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/catch.hpp"

using namespace workpool::detail;

TEST_CASE("host and worker have one mark, and rings where they are asked for, each in memory of its own") {
  const unique_fd descriptor = worker_memory::make(true);
  REQUIRE(descriptor);
  const worker_memory host = worker_memory::of(descriptor.get(), true),
                      worker = worker_memory::of(descriptor.get(), true);
  REQUIRE((host && worker));
  CHECK(worker.mark().begin(1, 0));
  CHECK(host.mark().begin_turn(1) == 1);
  socket_pair bells = socket_pair::make(socket_kind::stream);
  ring_stream left = host.rings(std::move(bells.left), ring_stream::side::left);
  ring_stream right = worker.rings(std::move(bells.right), ring_stream::side::right);
  const std::array<std::byte, 3> sent{std::byte{1}, std::byte{2}, std::byte{3}};
  REQUIRE(left.write(std::array{std::span<const std::byte>(sent)}) == 3U);
  std::array<std::byte, 3> got{};
  REQUIRE(right.read(got) == 3U);
  CHECK(got == sent);
  CHECK(host.mark().begun() == 1);
}

TEST_CASE("the memory stays as long as one of its rings") {
  std::optional<ring_stream> ring;
  {
    const unique_fd descriptor = worker_memory::make(true);
    socket_pair bells = socket_pair::make(socket_kind::stream);
    ring.emplace(worker_memory::of(descriptor.get(), true).rings(std::move(bells.left), ring_stream::side::left));
  }
  CHECK_FALSE(ring->has_arrived());
}

TEST_CASE("without rings it is one page, and what is no memory is empty") {
  const unique_fd descriptor = worker_memory::make(false);
  const worker_memory host = worker_memory::of(descriptor.get(), false);
  REQUIRE(host);
  CHECK(host.mark().begun() == 0);
  CHECK_FALSE(worker_memory::of(-1, true));
  CHECK_FALSE(worker_memory());
}
