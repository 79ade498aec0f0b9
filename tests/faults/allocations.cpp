#include "allocations.hpp"

#include <cstddef>
#include <cstdlib>

namespace {

bool may_succeed() noexcept {
  fault::allocations.fetch_add(1, std::memory_order_relaxed);
  if (fault::fails_after < 0) return true;
  if (fault::fails_after == 0) return false;
  --fault::fails_after;
  return true;
}

}  // namespace

extern "C" {
void* __real_malloc(std::size_t bytes);  // the names are the linker's
void* __wrap_malloc(std::size_t bytes);
void* __wrap_malloc(std::size_t bytes) { return may_succeed() ? __real_malloc(bytes) : nullptr; }
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return std::malloc(bytes != 0 ? bytes : 1); }

void* operator new(std::size_t bytes) {
  void* const memory = ::operator new(bytes, std::nothrow);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* operator new(std::size_t bytes, std::align_val_t align) {
  const auto boundary = static_cast<std::size_t>(align);
  const std::size_t whole = (bytes + boundary - 1) / boundary * boundary;
  void* const memory = may_succeed() ? std::aligned_alloc(boundary, whole) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
