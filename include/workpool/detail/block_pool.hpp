#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <new>
#include <utility>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/spin_lock.hpp>

#if defined(__SANITIZE_ADDRESS__)
#define WORKPOOL_RECYCLES_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORKPOOL_RECYCLES_BLOCKS 0
#endif
#endif
#ifndef WORKPOOL_RECYCLES_BLOCKS
#define WORKPOOL_RECYCLES_BLOCKS 1  // off under AddressSanitizer, which finds no use after free in recycled memory
#endif

/// Recycled memory for task nodes: what one thread allocates and another one frees comes back without malloc, which
/// costs about 440 ns in that pattern.
///
/// Threads: any; every thread keeps two chains of free blocks per size and exchanges full chains with a shared depot,
/// one short lock per `chain_length` operations. Memory: a thread keeps at most 2 × 64 blocks of each size, the depot
/// at most `depot_bytes` of each; what is over goes back to the allocator. The depot lives as long as the process.
/// Source: magazines and depot are those of J. Bonwick and J. Adams, "Magazines and Vmem" (USENIX 2001).
namespace workpool { inline namespace v0 { namespace detail {

struct free_block {
  free_block* next;        // in its chain
  free_block* next_chain;  // of a chain's first block: the depot's next chain
  free_block* ahead;       // the one that will be wanted a few blocks later, a guess; null: none
};

inline constexpr std::size_t block_sizes[] = {128, 256, 512};
inline constexpr std::size_t block_classes = std::size(block_sizes);
inline constexpr std::size_t largest_block = block_sizes[block_classes - 1];
inline constexpr unsigned chain_length = 64;     // blocks; one lock per so many operations
inline constexpr unsigned prefetched_ahead = 4;  // blocks; a power of two

/// Per size: 262 144 of the smallest blocks. A backlog that is larger costs malloc and free for what is over. Measured,
/// backlogs of 200 000 tasks from two and four threads: 111 and 120 ns a task with 8 MiB, 86 and 90 ns with 32.
inline constexpr std::size_t depot_bytes = std::size_t{32} << 20;

constexpr std::size_t block_class_of(std::size_t bytes) noexcept {
  std::size_t index = 0;
  while (index < block_classes && block_sizes[index] < bytes) ++index;
  return index;  // block_classes: too large to be recycled
}

/// The shared store of full chains of one block size.
class block_depot {
 public:
  /// Gives: a chain of `chain_length` blocks, or nullptr.
  free_block* take() noexcept {
    const std::lock_guard hold(lock_);
    free_block* const chain = chains_;
    if (chain != nullptr) {
      chains_ = chain->next_chain;
      --count_;
    }
    return chain;
  }

  /// Gives: false when the depot is full; the chain stays the caller's.
  bool put(free_block* chain, std::size_t limit) noexcept {
    const std::lock_guard hold(lock_);
    if (count_ >= limit) return false;
    chain->next_chain = std::exchange(chains_, chain);
    ++count_;
    return true;
  }

 private:
  spin_lock lock_;
  free_block* chains_ = nullptr;
  std::size_t count_ = 0;
};

inline block_depot& depot_of(std::size_t index) {
  static auto* const depots = new std::array<block_depot, block_classes>();  // threads may outlive static destruction
  return (*depots)[index];
}

/// One thread's free blocks of one size: `loaded` is used block by block, `spare` is empty or a full chain.
struct magazine {
  free_block* loaded;
  free_block* spare;
  unsigned count;                                    // in loaded
  std::array<free_block*, prefetched_ahead> recent;  // what was freed last, by its place in the chain
};

/// Has a line brought to this core in order to write it; one that it may only read would have to be asked for again.
inline void prefetch_line(const void* line) noexcept {
#if defined(__x86_64__)
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));  // what the built-in makes only where told to
#else
  __builtin_prefetch(line, 1);
#endif
}

/// Has a block brought to this core: who frees and who allocates are mostly on different ones. Measured: the wait for
/// its two lines was a third of what a submit costs.
inline void prefetch(const void* block) noexcept {
  prefetch_line(block);
  prefetch_line(static_cast<const std::byte*>(block) + cache_line);
}

struct magazine_rack {
  std::array<magazine, block_classes> magazines;
  enum class stage : std::uint8_t { fresh, armed, retired } life;
};
inline thread_local constinit magazine_rack rack{};

inline void free_chain(free_block* chain) noexcept {
  while (chain != nullptr) ::operator delete(std::exchange(chain, chain->next));
}

inline void return_chain(free_block* chain, std::size_t index) noexcept {
  if (chain == nullptr) return;
  const std::size_t limit = depot_bytes / block_sizes[index] / chain_length;
  if (!depot_of(index).put(chain, limit)) free_chain(chain);
}

/// Gives a thread's chains back when it ends; from then on the thread allocates and frees without a magazine.
struct rack_guard {
  ~rack_guard() {
    rack.life = magazine_rack::stage::retired;
    for (std::size_t index = 0; index < block_classes; ++index) {
      magazine& mine = rack.magazines[index];
      return_chain(std::exchange(mine.spare, nullptr), index);
      free_chain(std::exchange(mine.loaded, nullptr));
      mine.count = 0;
    }
  }
};

/// Makes sure that this thread's chains are given back at its end. Gives: false when that has already happened.
inline bool arm_rack() noexcept {
  if (rack.life == magazine_rack::stage::retired) return false;
  if (rack.life == magazine_rack::stage::fresh) {
    rack.life = magazine_rack::stage::armed;
    static thread_local rack_guard guard;
    static_cast<void>(guard);
  }
  return true;
}

[[gnu::noinline]] inline void* refill_block(std::size_t index) {
  if (!arm_rack()) return ::operator new(block_sizes[index]);
  magazine& mine = rack.magazines[index];
  free_block* chain = std::exchange(mine.spare, nullptr);
  if (chain == nullptr) chain = depot_of(index).take();
  if (chain == nullptr) return ::operator new(block_sizes[index]);
  mine.loaded = chain->next;
  mine.count = chain_length - 1;
  return chain;
}

/// Gives: memory for `bytes`, aligned for every type up to alignof(std::max_align_t). Throws: std::bad_alloc.
inline void* allocate_block(std::size_t bytes) {
  const std::size_t index = block_class_of(bytes);
  if (!WORKPOOL_RECYCLES_BLOCKS || index == block_classes) return ::operator new(bytes);
  magazine& mine = rack.magazines[index];
  free_block* const block = mine.loaded;
  if (block == nullptr) return refill_block(index);
  mine.loaded = block->next;
  --mine.count;
  if (block->ahead != nullptr) prefetch(block->ahead);
  return block;
}

/// Makes room for one block more. Gives: false when this thread has no magazine any more.
[[gnu::noinline]] inline bool make_room_in_rack(std::size_t index) noexcept {
  if (!arm_rack()) return false;
  magazine& mine = rack.magazines[index];
  if (mine.count == chain_length) {
    return_chain(std::exchange(mine.spare, std::exchange(mine.loaded, nullptr)), index);
    mine.count = 0;
  }
  return true;
}

// Out of line: where allocate_block is not inlined, and this is, g++ takes them for a pair that does not match.
[[gnu::noinline]] inline void free_block_memory(void* memory) noexcept { ::operator delete(memory); }

/// `bytes` is what the block was allocated with.
[[gnu::always_inline]] inline void deallocate_block(void* memory, std::size_t bytes) noexcept {
  const std::size_t index = block_class_of(bytes);
  if (!WORKPOOL_RECYCLES_BLOCKS || index == block_classes) return free_block_memory(memory);
  magazine& mine = rack.magazines[index];
  if (rack.life != magazine_rack::stage::armed || mine.count == chain_length) [[unlikely]] {
    if (!make_room_in_rack(index)) return free_block_memory(memory);
  }
  free_block*& earlier = mine.recent[mine.count % prefetched_ahead];
  free_block* const ahead = mine.count < prefetched_ahead ? nullptr : earlier;
  earlier = mine.loaded = ::new (memory) free_block{mine.loaded, nullptr, ahead};
  ++mine.count;
}

/// A base that lets new and delete recycle; over-aligned types go to the allocator.
struct recycled {
  static void* operator new(std::size_t bytes) { return allocate_block(bytes); }
  [[gnu::always_inline]] static void operator delete(void* memory, std::size_t bytes) noexcept {
    deallocate_block(memory, bytes);
  }
  static void* operator new(std::size_t bytes, std::align_val_t align) { return ::operator new(bytes, align); }
  static void operator delete(void* memory, std::size_t, std::align_val_t align) noexcept {
    ::operator delete(memory, align);
  }
};

}}}  // namespace workpool::v0::detail
