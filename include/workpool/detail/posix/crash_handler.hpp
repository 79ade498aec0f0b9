#pragma once
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#endif

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <string_view>
#include <workpool/detail/posix/code_map.hpp>
#include <workpool/detail/posix/safe_text.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The signals that mean a crash, unless somebody has made something else of them.
inline constexpr std::array<int, 7> crash_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};

/// What the handlers of a crash work with; all zero while there are none.
struct crash_state {
  static constexpr std::size_t most_frames = 64;
  static constexpr std::size_t handlers_own = 8;  // frames

  std::atomic<int> descriptor{0};  // never one of the first three
  dev_t device = 0;                // to notice that the number means another file by now
  ino_t inode = 0;
  pid_t process = 0;
  std::atomic<pid_t> reporter{0};  // the thread that crashed first
  std::atomic<int> signal{0};      // and its signal
  std::array<void*, most_frames + handlers_own> frames{};
  std::array<code_map::place, most_frames> places{};
  code_map map;
};

/// Writes what is known of a crash to a descriptor, and lets the process die of it as it would have without.
///
/// Everything in a handler is async-signal-safe, also where the crash was within malloc or the loader: addresses are
/// named by /proc/self/maps, since dladdr and backtrace_symbols_fd take the lock of the loader. The one call beyond
/// POSIX is backtrace(), whose first call, which loads a library, is made when the handler is installed; it takes no
/// lock with glibc 2.35 and GCC 12 or later, and that of the loader before, which is why the first line is written
/// first.
///
/// SA_RESETHAND is not used: it would make the same fault of a second thread kill the process in the middle of the
/// first one's report. Instead one thread reports, a fault of its own while it does ends the process at once, by the
/// first signal, and other threads wait for it.
class crash_handler {
 public:
  /// From now on crashes of this process, not of its forks, are written to `descriptor`, which is the caller's and
  /// becomes non-blocking: a report nobody reads is cut off. Handlers are installed where the disposition is the
  /// default. Gives: false, with errno, where the descriptor cannot be used. Threads: one at a time.
  static bool install(int descriptor) noexcept {
    struct stat about {};
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags < 0 || ::fstat(descriptor, &about) != 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) {
      return false;
    }
    here.descriptor.store(0, std::memory_order_relaxed);
    write_frames({}, -1);  // a rehearsal: loads the unwinder and binds every function
    here.device = about.st_dev;
    here.inode = about.st_ino;
    here.process = own_pid();
    here.descriptor.store(descriptor, std::memory_order_release);
    for (const int signal : crash_signals) {
      struct sigaction present {};
      if (::sigaction(signal, nullptr, &present) != 0 || (present.sa_flags & SA_SIGINFO) != 0) continue;
      if (present.sa_handler != SIG_DFL) continue;
      struct sigaction wanted {};
      wanted.sa_sigaction = on_crash;
      wanted.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
      ::sigemptyset(&wanted.sa_mask);
      ::sigaction(signal, &wanted, nullptr);
    }
    return true;
  }

 private:
  static inline crash_state here;

  /// Where a thread was when its signal came; 0 where that is not known for this processor.
  struct point {
    std::uint64_t instruction = 0, stack = 0, caller = 0;
  };

  static pid_t own_pid() noexcept { return static_cast<pid_t>(::syscall(SYS_getpid)); }  // never a cached one
  static pid_t own_tid() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

  static void on_crash(int signal, siginfo_t* info, void* context) noexcept {
    pid_t reporter = 0;
    if (here.reporter.compare_exchange_strong(reporter, own_tid())) {
      here.signal.store(signal);
      const int descriptor = here.descriptor.load(std::memory_order_acquire);
      if (own_pid() == here.process && still_ours(descriptor)) report(descriptor, signal, *info, context);
    } else if (reporter == own_tid()) {
      signal = here.signal.load();
    } else {
      const timespec moment{0, 1'000'000};
      for (int n = 0; n < 2000; ++n) ::nanosleep(&moment, nullptr);  // the other one ends the process long before
    }
    die_of(signal);
  }

  [[noreturn]] static void die_of(int signal) noexcept {
    struct sigaction plain {};
    plain.sa_handler = SIG_DFL;
    ::sigemptyset(&plain.sa_mask);
    ::sigaction(signal, &plain, nullptr);
    sigset_t just_this;
    ::sigemptyset(&just_this);
    ::sigaddset(&just_this, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &just_this, nullptr);
    ::syscall(SYS_tgkill, own_pid(), own_tid(), signal);
    ::_exit(128 + signal);  // the first process of a container does not die of signals of its own
  }

  static bool still_ours(int descriptor) noexcept {
    struct stat about {};
    return descriptor > 0 && ::fstat(descriptor, &about) == 0 && about.st_dev == here.device &&
           about.st_ino == here.inode;
  }

  static void report(int descriptor, int signal, const siginfo_t& info, const void* context) noexcept {
    const point where = point_of(static_cast<const ucontext_t*>(context));
    safe_text line;
    line.add("signal ").decimal(signal).add(" (").add(name_of(signal)).add(")");
    if (info.si_code <= 0) {
      if (info.si_pid != own_pid()) line.add(" sent by process ").decimal(info.si_pid);
    } else if (signal == SIGSYS) {
      line.add(" for system call ").decimal(info.si_syscall);
    } else if (signal == SIGSEGV && info.si_code == SI_KERNEL) {
      line.add(" at an address the processor does not tell");
    } else {
      const auto address = reinterpret_cast<std::uintptr_t>(info.si_addr);
      line.add(" at address ").hex(address);
      constexpr std::uint64_t near = std::uint64_t{64} << 10;  // bytes
      if (signal == SIGSEGV && where.stack != 0 && address + near > where.stack && address < where.stack + near) {
        line.add(", next to the stack pointer: the stack is used up");
      }
    }
    line.add("\n").write_to(descriptor);
    write_frames(where, descriptor);
  }

  static void write_frames(const point& where, int descriptor) noexcept {
    std::size_t count = 0;
#if __has_include(<execinfo.h>)
    count =
        static_cast<std::size_t>(std::max(0, ::backtrace(here.frames.data(), static_cast<int>(here.frames.size()))));
#endif
    const auto address_of = [](const void* code) { return reinterpret_cast<std::uintptr_t>(code); };
    std::span<void*> frames(here.frames.data(), count);
    std::size_t known = 0;
    const auto crashed = std::find_if(frames.begin(), frames.end(),
                                      [&](const void* code) { return address_of(code) == where.instruction; });
    if (where.instruction != 0 && crashed != frames.end()) {
      frames = frames.subspan(static_cast<std::size_t>(crashed - frames.begin()));  // without the handler's own
    } else if (where.stack != 0) {
      // It jumped to where there is no code, which the unwinder takes for the end: the caller tells more.
      here.places[known++].address = where.instruction;
      if (where.caller != 0) here.places[known++].address = where.caller;
      frames = {};
    }
    for (const void* const code : frames) {
      if (known == here.places.size()) break;
      here.places[known++].address = address_of(code);
    }
    const std::span<code_map::place> places(here.places.data(), known);
    here.map.look_up(places);
    for (std::size_t n = 0; n < known; ++n) {
      safe_text line;
      line.add("#").decimal(static_cast<std::int64_t>(n)).add(" ");
      if (!places[n].module.empty()) line.add(places[n].module).add("(+").hex(places[n].offset).add(") ");
      line.add("[").hex(places[n].address).add("]\n");
      if (descriptor >= 0 && !line.write_to(descriptor)) return;
      places[n] = {};
    }
  }

  static point point_of(const ucontext_t* context) noexcept {
    point where;
#if defined(__x86_64__)
    where.instruction = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RIP]);
    where.stack = static_cast<std::uint64_t>(context->uc_mcontext.gregs[REG_RSP]);
    // The return address, if it was a call that went wrong. Asked of the kernel: the stack may not be there.
    iovec to{&where.caller, sizeof where.caller}, from{};
    from.iov_base = reinterpret_cast<void*>(where.stack);
    from.iov_len = sizeof where.caller;
    if (::process_vm_readv(own_pid(), &to, 1, &from, 1, 0) != sizeof where.caller) where.caller = 0;
#elif defined(__aarch64__)
    where.instruction = context->uc_mcontext.pc;
    where.stack = context->uc_mcontext.sp;
    where.caller = context->uc_mcontext.regs[30];
#else
    static_cast<void>(context);
#endif
    return where;
  }

  static std::string_view name_of(int signal) noexcept {
    constexpr std::array<std::string_view, crash_signals.size()> names{"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL",
                                                                       "SIGABRT", "SIGSYS", "SIGTRAP"};
    const auto found = std::find(crash_signals.begin(), crash_signals.end(), signal);
    return found == crash_signals.end() ? "?" : names[static_cast<std::size_t>(found - crash_signals.begin())];
  }
};

}}}  // namespace workpool::v0::detail
