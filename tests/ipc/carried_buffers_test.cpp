#include <workpool/ipc/carried_buffers.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <workpool/core/error.hpp>

namespace wp = workpool;
using wp::detail::carried_buffers;
using wp::detail::sparse_memory;

namespace {

wp::shared_buffer buffer_in(const std::shared_ptr<const sparse_memory>& memory) {
  return wp::shared_buffer(
      std::make_shared<wp::detail::buffer_share>(memory, wp::detail::buffer_place{1, 0, memory ? 10U : 0U}));
}

}  // namespace

TEST_CASE("buffers of a pool go with its messages under numbers from 1 on, and no buffer is number 0") {
  const auto home = std::make_shared<const sparse_memory>(sparse_memory::make(sparse_memory::page()));
  carried_buffers goes(home.get());
  const auto one = buffer_in(home), other = buffer_in(home);
  CHECK(goes.add(one) == 1);
  CHECK(goes.add({}) == 0);
  CHECK(goes.add(other) == 2);
  CHECK(goes.add(one) == 1);
  CHECK(goes.of(1) == one);
  CHECK(goes.of(2) == other);
  CHECK_FALSE(goes.of(0));
  CHECK_THROWS_AS(goes.of(3), wp::codec_error);
}

TEST_CASE("what does not belong to the pool does not go, nor does more than a message can have") {
  const auto home = std::make_shared<const sparse_memory>(sparse_memory::make(sparse_memory::page()));
  const auto elsewhere = std::make_shared<const sparse_memory>(sparse_memory::make(sparse_memory::page()));
  carried_buffers goes(home.get());
  CHECK_THROWS_AS(goes.add(buffer_in(elsewhere)), wp::codec_error);
  CHECK_THROWS_AS(carried_buffers().add(buffer_in(home)), wp::codec_error);
  CHECK(carried_buffers().add({}) == 0);
  for (std::size_t n = 0; n < carried_buffers::most; ++n) goes.add(buffer_in(home));
  CHECK_THROWS_AS(goes.add(buffer_in(home)), wp::codec_error);
  CHECK(goes.add(goes.of(7)) == 7);
}
