// Linked into every contender: glibc's allocator with a count in front, which operator new and aligned_alloc reach
// alike. Costs about a nanosecond a call, the same for all. TBB's own tbbmalloc takes pages from the system and is not
// seen.
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "driver/tally.hpp"

extern "C" {

void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;

void* malloc(std::size_t bytes) noexcept {
  bench::allocations::add();
  return __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) noexcept {
  bench::allocations::add();
  return __libc_calloc(count, bytes);
}

void* realloc(void* one, std::size_t bytes) noexcept {
  bench::allocations::add();
  return __libc_realloc(one, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  bench::allocations::add();
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t bytes) noexcept {
  bench::allocations::add();
  void* const got = __libc_memalign(alignment, bytes);
  if (got == nullptr) return ENOMEM;
  *result = got;
  return 0;
}
}
