#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A large range of memory that several processes have, of which only what was filled costs anything, and of which
/// each of them maps what it needs. Its size is sealed: none of them can take it from the others.
/// Units: bytes; places and sizes of parts are multiples of page(). Threads: any. Memory: one descriptor.
class sparse_memory {
 public:
  /// A part of it, at an address of this process, with a page behind it that nobody can use: what writes past the end
  /// of the part hits nobody else's. A fork of the process does not have it.
  class part {
   public:
    part() noexcept = default;
    part(part&& other) noexcept { swap(other); }
    part& operator=(part&& other) noexcept {
      part(std::move(other)).swap(*this);
      return *this;
    }
    ~part() {
      if (start_ != nullptr) ::munmap(start_, size_ + page());
    }

    /// Leaves what is there to somebody else.
    void abandon() noexcept { start_ = nullptr, size_ = 0; }

    explicit operator bool() const noexcept { return start_ != nullptr; }
    std::span<std::byte> bytes() const noexcept { return {static_cast<std::byte*>(start_), size_}; }

   private:
    friend class sparse_memory;
    void swap(part& other) noexcept {
      std::swap(start_, other.start_);
      std::swap(size_, other.size_);
    }

    void* start_ = nullptr;
    std::size_t size_ = 0;
  };

  /// An empty one.
  sparse_memory() noexcept = default;
  /// What another process has made.
  explicit sparse_memory(unique_fd made) noexcept : file_(std::move(made)) {}

  /// Gives: memory of which nothing is filled; an empty one, with errno, where there is none to be had.
  static sparse_memory make(std::size_t size) noexcept {
    rlimit most{};
    if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < size) {  // it would be a signal
      errno = EFBIG;
      return {};
    }
    unique_fd made = above_stdio(unique_fd(::memfd_create("workpool-buffers", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
    if (!made || ::ftruncate(made.get(), static_cast<off_t>(size)) != 0) return {};
    if (::fcntl(made.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return {};
    return sparse_memory(std::move(made));
  }

  explicit operator bool() const noexcept { return static_cast<bool>(file_); }
  int get() const noexcept { return file_.get(); }

  /// Has zeros at [at, at + size), so that nobody fails who writes there. Gives: false, with errno, where there is not
  /// so much memory.
  bool fill(std::size_t at, std::size_t size) const noexcept {
    constexpr std::size_t step = std::size_t{4} << 20;  // a signal has the system begin a step again
    for (const std::size_t end = at + size; at < end; at += step) {
      if (!change(0, at, std::min(step, end - at))) return false;
    }
    return true;
  }
  /// What was there is gone, and costs nothing.
  void clear(std::size_t at, std::size_t size) const noexcept {
    change(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, size);
  }

  /// Gives: an empty part, with errno, where there are no addresses left.
  part map(std::size_t at, std::size_t size) const noexcept {
    part made;
    void* const room = ::mmap(nullptr, size + page(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) return made;
    made.start_ = room;
    made.size_ = size;
    if (::mmap(room, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file_.get(), static_cast<off_t>(at)) ==
        MAP_FAILED) {
      const int why = errno;
      made = {};
      errno = why;
      return made;
    }
    ::madvise(room, size, MADV_DONTFORK);
    return made;
  }

  static std::size_t page() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
  }
  /// Gives: the size of the pages that so many bytes take; 0 for more than there are addresses.
  static std::size_t whole_pages(std::size_t size) noexcept { return (size + page() - 1) / page() * page(); }

 private:
  bool change(int how, std::size_t at, std::size_t size) const noexcept {
    int done = 0;
    do {
      done = ::fallocate(file_.get(), how, static_cast<off_t>(at), static_cast<off_t>(size));
    } while (done != 0 && errno == EINTR);
    return done == 0;
  }

  unique_fd file_;
};

}}}  // namespace workpool::v0::detail
