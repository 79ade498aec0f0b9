#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace workpool { inline namespace v0 { namespace detail {

/// Tells whether this process is still the one that made something, or a fork of it.
///
/// One word per process, on a page that the kernel hands to a child empty (madvise(2), MADV_WIPEONFORK), so no handler
/// has to be installed and a raw clone is noticed as well. Threads: any. Cost: same() is one load.
class process_mark {
 public:
  /// The mark of this process.
  static process_mark current() noexcept {
    static std::atomic<std::uint64_t>& word = page();
    static std::atomic<std::uint64_t> generations{0};
    std::uint64_t seen = word.load(std::memory_order_relaxed);
    while (seen == 0) {
      const std::uint64_t fresh = generations.fetch_add(1, std::memory_order_relaxed) + 1;
      if (word.compare_exchange_strong(seen, fresh, std::memory_order_relaxed)) seen = fresh;
    }
    return process_mark(word, seen);
  }

  bool same() const noexcept { return word_->load(std::memory_order_relaxed) == value_; }

 private:
  process_mark(std::atomic<std::uint64_t>& word, std::uint64_t value) noexcept : word_(&word), value_(value) {}

  // Where the page cannot be had, the word lies in ordinary memory, and a fork goes unnoticed.
  static std::atomic<std::uint64_t>& page() noexcept {
    static std::atomic<std::uint64_t> ordinary{0};
    const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return ordinary;
    if (::madvise(memory, size, MADV_WIPEONFORK) == 0) return *::new (memory) std::atomic<std::uint64_t>(0);
    ::munmap(memory, size);
    return ordinary;
  }

  const std::atomic<std::uint64_t>* word_;
  std::uint64_t value_;
};

}}}  // namespace workpool::v0::detail
