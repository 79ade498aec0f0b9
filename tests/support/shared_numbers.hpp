#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <workpool/detail/posix/unique_fd.hpp>

#include "support/eventually.hpp"

namespace workpool_test {

using number_row = std::array<std::atomic<std::int64_t>, 64>;

/// A row of numbers that a test and tasks in other processes see at the same time; it travels as the path of what they
/// share, and is mapped where it is used.
struct shared_numbers {
  std::string path;

  /// The row, until this process ends. Gives: a row of nobody's when the test is over.
  number_row& row() const {
    const workpool::detail::unique_fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    void* const at =
        file ? ::mmap(nullptr, sizeof(number_row), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0) : MAP_FAILED;
    return at == MAP_FAILED ? *new number_row() : *static_cast<number_row*>(at);
  }
  void set(std::size_t index, std::int64_t value) const { row()[index] = value; }
};

/// The variable of the environment by which workers find the numbers of their test.
inline constexpr const char* numbers_variable = "WORKPOOL_TEST_NUMBERS";

/// In a worker: the row of its test.
inline number_row& row_of_the_test() {
  static number_row& mine = shared_numbers{std::getenv(numbers_variable)}.row();
  return mine;
}

/// The test's side of it.
class shared_numbers_side {
 public:
  shared_numbers_side() : file_(static_cast<int>(::syscall(SYS_memfd_create, "numbers", 1U))) {
    if (!file_ || ::ftruncate(file_.get(), sizeof(number_row)) != 0) std::abort();
    row_ = ::new (&handle().row()) number_row();
  }
  shared_numbers_side(const shared_numbers_side&) = delete;
  shared_numbers_side& operator=(const shared_numbers_side&) = delete;
  ~shared_numbers_side() { ::munmap(row_, sizeof(number_row)); }

  shared_numbers handle() const {
    return {"/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_.get())};
  }
  std::int64_t operator[](std::size_t index) const { return (*row_)[index]; }
  void set(std::size_t index, std::int64_t value) { (*row_)[index] = value; }
  /// Blocks until the number is no longer 0. Gives: it.
  std::int64_t await(std::size_t index) const {
    static_cast<void>(eventually([&] { return (*row_)[index] != 0; }));
    return (*row_)[index];
  }

 private:
  workpool::detail::unique_fd file_;
  number_row* row_ = nullptr;
};

}  // namespace workpool_test
