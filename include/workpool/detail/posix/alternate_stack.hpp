#pragma once
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

namespace workpool { inline namespace v0 { namespace detail {

/// A stack of its own for the signal handlers of one thread, so that they run also when the ordinary one is used up.
/// Below it lies a page nobody may touch. Threads: to be made and destroyed by the thread it is for.
class alternate_stack {
 public:
  /// A thread that has a larger one keeps that. Not good() where there is no memory.
  alternate_stack() noexcept {
    stack_t present{};
    if (::sigaltstack(nullptr, &present) != 0) return;
    if ((present.ss_flags & SS_DISABLE) == 0 && present.ss_size >= size()) {
      good_ = true;
      return;
    }
    void* const memory =
        ::mmap(nullptr, size() + page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return;
    memory_ = static_cast<char*>(memory);
    stack_t mine{};
    mine.ss_sp = memory_ + page();
    mine.ss_size = size();
    good_ = ::mprotect(memory_, page(), PROT_NONE) == 0 && ::sigaltstack(&mine, nullptr) == 0;
    if (!good_) release();
  }
  alternate_stack(const alternate_stack&) = delete;
  alternate_stack& operator=(const alternate_stack&) = delete;
  ~alternate_stack() {
    if (memory_ == nullptr) return;
    stack_t present{};
    const bool in_use = ::sigaltstack(nullptr, &present) == 0 && present.ss_sp == memory_ + page();
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    if (in_use && ::sigaltstack(&none, nullptr) != 0) return;  // called by a handler that runs on it
    release();
  }

  bool good() const noexcept { return good_; }

  /// Units: bytes; 64 KiB beyond what the kernel needs to save the registers of this processor.
  static std::size_t size() noexcept {
    constexpr std::size_t ours = std::size_t{64} << 10;
#ifdef _SC_MINSIGSTKSZ
    const long least = ::sysconf(_SC_MINSIGSTKSZ);
#else
    const long least = MINSIGSTKSZ;
#endif
    const auto kernels = static_cast<std::size_t>(std::max(least, 0L));
    return (ours + kernels + page() - 1) / page() * page();
  }

 private:
  static std::size_t page() noexcept {
    static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return bytes;
  }

  void release() noexcept {
    ::munmap(memory_, size() + page());
    memory_ = nullptr;
  }

  char* memory_ = nullptr;
  bool good_ = false;
};

/// Gives the calling thread an alternate stack until it ends. Gives: false where there is no memory.
inline bool use_alternate_stack() noexcept {
  static thread_local const alternate_stack mine;
  return mine.good();
}

}}}  // namespace workpool::v0::detail
