#include <workpool/ipc/buffer_maker.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <type_traits>

namespace {

struct refuser final : workpool::detail::buffer_maker {
  workpool::shared_buffer make(std::size_t size) override {
    asked = size;
    return {};
  }
  std::size_t asked = 0;
};

}  // namespace

TEST_CASE("whoever makes buffers is asked for a size, and belongs to somebody else") {
  refuser one;
  workpool::detail::buffer_maker& maker = one;
  CHECK_FALSE(maker.make(7));
  CHECK(one.asked == 7);
  CHECK_FALSE(std::is_destructible_v<workpool::detail::buffer_maker>);
}
