#include <workpool/detail/posix/large_pages.hpp>

#include "support/catch.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

using workpool::detail::ask_for_large_pages;
using workpool::detail::worth_large_pages;

TEST_CASE("asking changes neither a byte nor errno, wherever the memory lies") {
  const std::size_t size = 3 * worth_large_pages;
  auto* const memory = static_cast<std::byte*>(std::malloc(size));
  REQUIRE(memory != nullptr);
  std::memset(memory, 7, size);
  errno = EDOM;
  ask_for_large_pages(memory, size);
  ask_for_large_pages(memory + 4097, worth_large_pages + 1);
  ask_for_large_pages(memory, 1);
  ask_for_large_pages(nullptr, 0);
  ask_for_large_pages(nullptr, worth_large_pages);  // nobody's: the system refuses
  CHECK(errno == EDOM);
  std::size_t right = 0;
  for (std::size_t i = 0; i < size; ++i) right += memory[i] == std::byte{7} ? 1 : 0;
  CHECK(right == size);
  std::free(memory);
}

TEST_CASE("a block that was asked for grows and keeps its bytes") {
  auto* memory = static_cast<std::byte*>(std::malloc(worth_large_pages));
  REQUIRE(memory != nullptr);
  ask_for_large_pages(memory, worth_large_pages);
  std::memset(memory, 7, worth_large_pages);
  for (std::size_t size = 2 * worth_large_pages; size <= 8 * worth_large_pages; size *= 2) {
    void* const larger = std::realloc(memory, size);
    REQUIRE(larger != nullptr);
    memory = static_cast<std::byte*>(larger);
    ask_for_large_pages(memory, size);
    CHECK(memory[0] == std::byte{7});
    CHECK(memory[worth_large_pages - 1] == std::byte{7});
    memory[size - 1] = std::byte{1};
  }
  std::free(memory);
}
