#include <workpool/ipc/codecs/buffer_codec.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/ipc/codecs.hpp>

namespace wp = workpool;
using wp::detail::carried_buffers;
using wp::detail::sparse_memory;

TEST_CASE("a buffer is encoded as its number, also within other values, and is found again by it") {
  const auto home = std::make_shared<const sparse_memory>(sparse_memory::make(sparse_memory::page()));
  const wp::shared_buffer one(std::make_shared<wp::detail::buffer_share>(home, wp::detail::buffer_place{1, 0, 10}));
  carried_buffers carried(home.get());
  std::vector<std::byte> bytes;
  wp::byte_writer out(bytes, 1000, &carried);
  const std::vector<wp::shared_buffer> all{one, {}, one};
  wp::encode(out, all);
  wp::byte_reader in(bytes, &carried);
  CHECK(wp::decode<std::vector<wp::shared_buffer>>(in) == all);
  wp::byte_reader alone(bytes);
  CHECK_THROWS_AS(wp::decode<std::vector<wp::shared_buffer>>(alone), wp::codec_error);
  CHECK(wp::codable_value<wp::shared_buffer>);
}
