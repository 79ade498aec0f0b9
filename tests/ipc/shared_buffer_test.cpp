#include <workpool/ipc/shared_buffer.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

using workpool::shared_buffer;
using workpool::detail::buffer_share;
using workpool::detail::sparse_memory;

TEST_CASE("an empty buffer has no bytes") {
  const shared_buffer none;
  CHECK_FALSE(none);
  CHECK(none.size() == 0);
  CHECK(none.span().empty());
  CHECK(none.as<int>().empty());
  CHECK(none == shared_buffer());
}

TEST_CASE("copies of a buffer are the same bytes, also as an array, of which the last part of an element is left out") {
  const std::size_t page = sparse_memory::page();
  const auto memory = std::make_shared<const sparse_memory>(sparse_memory::make(page));
  const shared_buffer one(std::make_shared<buffer_share>(memory, workpool::detail::buffer_place{1, 0, 30}));
  const shared_buffer copy = one;
  CHECK(one == copy);
  CHECK(one != shared_buffer(std::make_shared<buffer_share>(memory, workpool::detail::buffer_place{1, 0, 30})));
  CHECK(one.size() == 30);
  REQUIRE(one.as<std::uint64_t>().size() == 3);
  one.as<std::uint64_t>()[1] = 0x0102;
  CHECK(copy.span()[8] == std::byte{2});
  CHECK(copy.span()[9] == std::byte{1});
}
