#include <workpool/detail/spare_blocks.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdlib>
#include <vector>

using workpool::detail::spare_blocks;

namespace {

spare_blocks::block fresh(std::size_t size) { return {std::malloc(size), size}; }

void take_all() {
  while (void* const memory = spare_blocks::take(spare_blocks::smallest).memory) std::free(memory);
}

}  // namespace

TEST_CASE("a block that was given is taken by who needs as much or less") {
  take_all();
  const spare_blocks::block one = fresh(200'000);
  spare_blocks::give(one);
  CHECK(spare_blocks::take(200'001).memory == nullptr);
  const spare_blocks::block again = spare_blocks::take(150'000);
  CHECK(again.memory == one.memory);
  CHECK(again.size == 200'000);
  CHECK(spare_blocks::take(150'000).memory == nullptr);
  std::free(again.memory);
}

TEST_CASE("blocks that are too small or too large are nobody's spare ones") {
  take_all();
  spare_blocks::give({});
  spare_blocks::give(fresh(spare_blocks::smallest - 1));
  spare_blocks::give(fresh(spare_blocks::largest + 1));
  CHECK(spare_blocks::take(spare_blocks::smallest).memory == nullptr);
  spare_blocks::give(fresh(spare_blocks::largest));
  CHECK(spare_blocks::take(spare_blocks::smallest - 1).memory == nullptr);
  CHECK(spare_blocks::take(spare_blocks::largest + 1).memory == nullptr);
  const spare_blocks::block found = spare_blocks::take(spare_blocks::largest);
  CHECK(found.size == spare_blocks::largest);
  std::free(found.memory);
}

TEST_CASE("no more than four are kept, the last one among them") {
  take_all();
  for (int i = 0; i < 10; ++i) spare_blocks::give(fresh(100'000));
  spare_blocks::give(fresh(1'000'000));
  const spare_blocks::block last = spare_blocks::take(1'000'000);
  CHECK(last.size == 1'000'000);
  int kept = last.memory != nullptr ? 1 : 0;
  std::free(last.memory);
  while (void* const memory = spare_blocks::take(spare_blocks::smallest).memory) {
    ++kept;
    std::free(memory);
  }
  CHECK(kept == 4);
}
