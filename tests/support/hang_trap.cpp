#include "support/hang_trap.hpp"

#include <dirent.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <workpool/config.hpp>

// Everything a handler calls here is async-signal-safe, or (backtrace) has been called once before, which makes it so.
namespace workpool_test {
namespace {

std::array<char, 256> work_name{};
std::array<char, 16> own_pid{};
std::array<char, 24> limit_text{};
timer_t timer{};
std::atomic<int> stacks_printed{0};

// ThreadSanitizer puts handlers off until the thread blocks in a call it knows, for ever in a spinning thread, except
// those of signals that can only come from a fault.
int trap_signal() { return WORKPOOL_UNDER_TSAN ? SIGSYS : SIGRTMAX - 2; }
int stack_signal() { return WORKPOOL_UNDER_TSAN ? SIGTRAP : SIGRTMAX - 3; }

void say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

template <std::size_t Size>
void print_number(std::array<char, Size>& into, long long number) {
  *std::to_chars(into.data(), into.data() + Size - 1, number).ptr = '\0';
}

void nap() {
  const timespec tick{0, 10'000'000};
  ::nanosleep(&tick, nullptr);
}

// gdb knows every thread, with arguments. A child of ours traces us, which PR_SET_PTRACER permits where the kernel
// asks.
bool print_stacks_by_gdb() {
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::execlp("timeout", "timeout", "60", "gdb", "-nx", "-batch", "-p", own_pid.data(), "-ex", "set pagination off",
             "-ex", "thread apply all backtrace 40", static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void print_file(const char* thread, const char* name) {
  std::array<char, 128> path{};
  std::strcat(std::strcat(std::strcat(std::strcpy(path.data(), "/proc/self/task/"), thread), "/"), name);
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  std::array<char, 256> text{};
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  if (size <= 0) return;
  say(name);
  say(": ");
  say({text.data(), static_cast<std::size_t>(size)});
  if (text[static_cast<std::size_t>(size) - 1] != '\n') say("\n");
}

void print_own_stack(int) {
  const int saved = errno;
  std::array<void*, 48> frames{};
  ::backtrace_symbols_fd(frames.data(), ::backtrace(frames.data(), static_cast<int>(frames.size())), STDERR_FILENO);
  stacks_printed.fetch_add(1);
  errno = saved;
}

void print_thread(const char* thread) {
  say("\nthread ");
  say(thread);
  say("\n");
  print_file(thread, "comm");
  print_file(thread, "wchan");
  print_file(thread, "syscall");
  const int before = stacks_printed.load();
  if (::syscall(SYS_tgkill, ::getpid(), std::atoi(thread), stack_signal()) != 0) return;
  for (int tries = 0; tries < 100 && stacks_printed.load() == before; ++tries) nap();
  if (stacks_printed.load() == before) say("(this thread blocks signals: no stack)\n");
}

// Without gdb: what /proc knows of every thread, and each thread prints its own frames.
void print_stacks_by_signal() {
  struct sigaction action {};
  action.sa_handler = &print_own_stack;
  action.sa_flags = SA_RESTART;
  ::sigaction(stack_signal(), &action, nullptr);
  const int folder = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  alignas(dirent64) std::array<char, 4096> entries{};
  for (;;) {
    const long size = ::syscall(SYS_getdents64, folder, entries.data(), entries.size());
    if (size <= 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(entries.data() + at);
      if (entry->d_name[0] != '.') print_thread(entry->d_name);
      at += entry->d_reclen;
    }
  }
  ::close(folder);
}

void spring(int) {
  say("\nhang trap: \"");
  say(work_name.data());
  say("\" has not ended within ");
  say(limit_text.data());
  say(" s; the stacks of all threads:\n");
  if (!print_stacks_by_gdb()) print_stacks_by_signal();
  say("hang trap: aborting\n");
  ::signal(SIGABRT, SIG_DFL);
  std::abort();
}

void install() {
  void* frame = nullptr;
  ::backtrace(&frame, 1);
  print_number(own_pid, ::getpid());
  struct sigaction action {};
  action.sa_handler = &spring;
  action.sa_flags = SA_RESTART;
  ::sigaction(trap_signal(), &action, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = trap_signal();
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) throw std::runtime_error("hang_trap: timer_create failed");
}

void set_timer(std::chrono::seconds limit) {
  itimerspec when{};
  when.it_value.tv_sec = limit.count();
  ::timer_settime(timer, 0, &when, nullptr);
}

}  // namespace

std::chrono::seconds hang_trap::default_limit() {
  if (const char* text = std::getenv("WORKPOOL_TEST_LIMIT")) return std::chrono::seconds(std::max(0, std::atoi(text)));
  return std::chrono::seconds(WORKPOOL_UNDER_TSAN || WORKPOOL_UNDER_ASAN ? 240 : 60);
}

hang_trap::hang_trap(const std::string& work, std::chrono::seconds limit) {
  [[maybe_unused]] static const bool installed = (install(), true);
  work_name.fill('\0');
  work.copy(work_name.data(), work_name.size() - 1);
  print_number(limit_text, limit.count());
  set_timer(limit);
}

hang_trap::~hang_trap() { set_timer(std::chrono::seconds(0)); }

}  // namespace workpool_test
