#include <workpool/ipc/buffer_share.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <memory>

using workpool::detail::buffer_share;
using workpool::detail::sparse_memory;

TEST_CASE("a share of a buffer is its bytes, and no others, mapped where they are first asked for") {
  const std::size_t page = sparse_memory::page();
  const auto memory = std::make_shared<const sparse_memory>(sparse_memory::make(8 * page));
  buffer_share one(memory, {1, 2 * page, 100}), other(memory, {1, 2 * page, 100});
  CHECK(one.bytes().size() == 100);
  one.bytes()[99] = std::byte{9};
  CHECK(other.bytes()[99] == std::byte{9});
  CHECK(one.bytes().data() != other.bytes().data());
  CHECK(one.lies_in(memory.get()));
  CHECK_FALSE(one.lies_in(nullptr));
  CHECK(one.place().at == 2 * page);
}
