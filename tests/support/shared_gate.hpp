#pragma once

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool_test {

/// What a test and tasks in other processes look at together.
struct shared_gate_state {
  std::atomic<std::uint32_t> open{0}, entered{0};

  static void await_change(std::atomic<std::uint32_t>& word, std::uint32_t seen) {
    ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, nullptr, nullptr, 0);
  }
  static void tell(std::atomic<std::uint32_t>& word) {
    ::syscall(SYS_futex, &word, FUTEX_WAKE, 1 << 20, nullptr, nullptr, 0);
  }
};

/// One mapping of it.
class shared_gate_view {
 public:
  explicit shared_gate_view(int descriptor)
      : state_(static_cast<shared_gate_state*>(
            ::mmap(nullptr, sizeof(shared_gate_state), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0))) {
    if (state_ == MAP_FAILED) throw std::runtime_error("the gate cannot be mapped");
  }
  shared_gate_view(const shared_gate_view&) = delete;
  shared_gate_view& operator=(const shared_gate_view&) = delete;
  ~shared_gate_view() { ::munmap(state_, sizeof(shared_gate_state)); }
  shared_gate_state* operator->() const { return state_; }

 private:
  shared_gate_state* state_;
};

/// A gate for tasks that run in other processes: travels as the path of what is shared.
struct shared_gate {
  std::string path;

  void enter() const {
    const workpool::detail::unique_fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return;  // the test is over
    const shared_gate_view shared(file.get());
    shared->entered.fetch_add(1);
    shared_gate_state::tell(shared->entered);
    while (shared->open == 0) shared_gate_state::await_change(shared->open, 0);
  }
};

/// The test's side of it.
class shared_gate_side {
 public:
  shared_gate_side() : file_(static_cast<int>(::syscall(SYS_memfd_create, "gate", 1U))), view_((grow(), file_.get())) {
    ::new (static_cast<void*>(view_.operator->())) shared_gate_state();
  }

  shared_gate handle() const { return {"/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_.get())}; }
  int entered() const { return static_cast<int>(view_->entered.load()); }
  void await(int count) const {
    for (std::uint32_t now = 0; (now = view_->entered) < static_cast<std::uint32_t>(count);) {
      shared_gate_state::await_change(view_->entered, now);
    }
  }
  void open() const {
    view_->open = 1;
    shared_gate_state::tell(view_->open);
  }

 private:
  void grow() const {
    if (!file_ || ::ftruncate(file_.get(), sizeof(shared_gate_state)) != 0) std::abort();
  }

  workpool::detail::unique_fd file_;
  shared_gate_view view_;
};

}  // namespace workpool_test
