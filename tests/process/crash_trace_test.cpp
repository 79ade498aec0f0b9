#include <workpool/process/crash_trace.hpp>

#include "support/catch.hpp"

#include <link.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>
#include <workpool/detail/posix/pipe.hpp>

using namespace workpool::detail;
using Catch::Matchers::ContainsSubstring;

namespace {

struct death {
  int status = 0;
  std::string report;

  bool of(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
};

/// The child is to look like a worker: the test program's own handlers are not inherited.
void forget_handlers_of_the_test() {
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_DFL);
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
  const rlimit no_core{};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

/// How a child that has installed the trace ends in `crash`. `prepare` runs before it is installed.
template <class Crash, class Prepare>
death die_in(Crash crash, Prepare prepare) {
  pipe_ends report = pipe_ends::make();
  REQUIRE(report);
  const pid_t child = ::fork();
  if (child == 0) {
    forget_handlers_of_the_test();
    prepare();
    if (!install_crash_trace(report.writing.get())) ::_exit(99);
    crash();
    ::_exit(98);
  }
  REQUIRE(child > 0);
  report.writing.reset();
  death found;
  std::array<char, 4096> room{};
  ssize_t got = 0;
  while ((got = ::read(report.reading.get(), room.data(), room.size())) > 0) {
    found.report.append(room.data(), static_cast<std::size_t>(got));
  }
  REQUIRE(::waitpid(child, &found.status, 0) == child);
  return found;
}

template <class Crash>
death die_in(Crash crash) {
  return die_in(crash, [] {});
}

std::size_t frames_in(const std::string& report) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = report.find("\n#", at)) != report.npos; ++at) ++count;
  return count;
}

std::string first_line(const std::string& report) { return report.substr(0, report.find('\n')); }

/// The offset of a function of this program, as the report writes it, without the digits that differ within it.
bool names_this_program(const std::string& line) {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 && line.find(std::string(path.data(), static_cast<std::size_t>(size)) + "(+0x") != line.npos;
}

void write_to(std::uintptr_t address) { *reinterpret_cast<volatile int*>(address) = 1; }

int overflow(int depth) {
  volatile char room[4096];
  room[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : overflow(depth + 1) + room[0];
}
int (*volatile deep)(int) = overflow;

void (*volatile nowhere)() = nullptr;

}  // namespace

TEST_CASE("a bad access leaves its address and a backtrace, and dies of SIGSEGV") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death found = die_in([] { write_to(0x1234560); });
  CHECK(found.of(SIGSEGV));
  CHECK(first_line(found.report) == "signal 11 (SIGSEGV) at address 0x1234560");
  REQUIRE(frames_in(found.report) >= 3);
  const std::size_t top = found.report.find("\n#0 ");
  REQUIRE(top != found.report.npos);
  CHECK(names_this_program(found.report.substr(top + 1, found.report.find('\n', top + 1) - top - 1)));
  CHECK(found.report.back() == '\n');
}

TEST_CASE("a stack overflow leaves a backtrace and dies of SIGSEGV") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death found = die_in([] { deep(1); });
  CHECK(found.of(SIGSEGV));
  CHECK_THAT(found.report, ContainsSubstring("the stack is used up"));
  CHECK(frames_in(found.report) >= 30);
}

TEST_CASE("a stack overflow of another thread leaves a backtrace when that thread is covered, and dies anyway") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const bool covered = GENERATE(true, false);
  const death found = die_in([covered] {
    std::thread([covered] {
      if (covered && !trace_stack_overflow_here()) ::_exit(97);
      deep(1);
    }).join();
  });
  CHECK(found.of(SIGSEGV));
  CHECK((frames_in(found.report) >= 30) == covered);
}

TEST_CASE("abort() leaves a backtrace and dies of SIGABRT, and so does an exception nobody catches") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death aborted = die_in([] { std::abort(); });
  CHECK(aborted.of(SIGABRT));
  CHECK(first_line(aborted.report) == "signal 6 (SIGABRT)");
  CHECK(frames_in(aborted.report) >= 3);
  const death terminated = die_in([] { std::terminate(); });
  CHECK(terminated.of(SIGABRT));
  CHECK(frames_in(terminated.report) >= 3);
}

TEST_CASE("every fatal signal is written with its name, and the process dies of it") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  for (const auto& [signal, name] :
       {std::pair{SIGSEGV, "SIGSEGV"}, std::pair{SIGBUS, "SIGBUS"}, std::pair{SIGFPE, "SIGFPE"},
        std::pair{SIGILL, "SIGILL"}, std::pair{SIGABRT, "SIGABRT"}, std::pair{SIGSYS, "SIGSYS"},
        std::pair{SIGTRAP, "SIGTRAP"}}) {
    const death found = die_in([number = signal] { ::raise(number); });
    CHECK(found.of(signal));
    CHECK(first_line(found.report) == "signal " + std::to_string(signal) + " (" + name + ")");
    CHECK(frames_in(found.report) >= 2);
  }
}

TEST_CASE("a signal from outside names its sender, and the process dies of it") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const pid_t sender = ::getpid();
  pipe_ends ready = pipe_ends::make();
  REQUIRE(ready);
  std::atomic<int>* const child_pid = static_cast<std::atomic<int>*>(
      ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  REQUIRE(child_pid != MAP_FAILED);
  std::thread killer([&] {
    char byte = 0;
    if (::read(ready.reading.get(), &byte, 1) == 1) ::kill(child_pid->load(), SIGSEGV);
  });
  const death found = die_in([&] {
    child_pid->store(::getpid());
    static_cast<void>(::write(ready.writing.get(), "x", 1) == 1);
    for (;;) ::pause();
  });
  killer.join();
  ::munmap(child_pid, sizeof(std::atomic<int>));
  CHECK(found.of(SIGSEGV));
  CHECK(first_line(found.report) == "signal 11 (SIGSEGV) sent by process " + std::to_string(sender));
}

TEST_CASE("a call through a null pointer names the caller") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death found = die_in([] {
    nowhere();
    ::_exit(96);  // so that it is a call
  });
  CHECK(found.of(SIGSEGV));
  CHECK(first_line(found.report) == "signal 11 (SIGSEGV) at address 0x0");
  CHECK_THAT(found.report, ContainsSubstring("#0 [0x0]\n#1 "));
  CHECK(names_this_program(found.report));
}

#ifdef __x86_64__
namespace {

/// Raises SIGABRT with a frame pointer that leads the unwinder to where there is no memory.
[[gnu::noinline]] void abort_without_a_stack(std::size_t size) {
  volatile char* const room = static_cast<char*>(__builtin_alloca(size));  // so that the frame is found by its pointer
  room[0] = 1;
  const long process = ::getpid(), thread = ::syscall(SYS_gettid);
  asm volatile("mov $16, %%rbp; syscall" ::"a"(SYS_tgkill), "D"(process), "S"(thread), "d"(SIGABRT)
               : "rcx", "r11", "memory");
  ::_exit(94);
}

}  // namespace

TEST_CASE("a crash while a crash is reported ends the process at once, by the first signal") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  volatile std::size_t size = 100;
  const death found = die_in([&] { abort_without_a_stack(size); });
  CHECK(found.of(SIGABRT));
  CHECK(found.report == "signal 6 (SIGABRT)\n");
}
#endif

TEST_CASE("a crash with every signal blocked leaves a backtrace") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death found = die_in([] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    std::abort();
  });
  CHECK(found.of(SIGABRT));
  CHECK(frames_in(found.report) >= 3);
}

TEST_CASE("a crash within malloc leaves a backtrace") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death found = die_in([] {
    char* volatile block = static_cast<char*>(std::calloc(100, 1));  // zeros where free looks for flags
    block = block + 8;
    std::free(block);
  });
  CHECK(found.of(SIGABRT));
  CHECK(frames_in(found.report) >= 4);
}

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 35) && __GNUC__ >= 12
TEST_CASE("a crash leaves a backtrace while another thread holds the lock of the loader") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death found = die_in([] {
    static std::atomic<bool> held{false};
    std::thread([] {
      const auto hold = [](dl_phdr_info*, std::size_t, void*) {
        held = true;
        for (;;) ::pause();
        return 0;
      };
      ::dl_iterate_phdr(hold, nullptr);
    }).detach();
    while (!held) std::this_thread::yield();
    write_to(0x1234560);
  });
  CHECK(found.of(SIGSEGV));
  CHECK(frames_in(found.report) >= 3);
}
#endif

TEST_CASE("threads that crash at the same time leave one whole report") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  for (int round = 0; round < 10; ++round) {
    const death found = die_in([] {
      std::atomic<int> ready{0};
      const auto crash = [&ready] {
        ++ready;
        while (ready < 3) {
        }
        write_to(0x1234560);
      };
      std::thread first(crash), second(crash);
      crash();
      first.join();
      second.join();
    });
    CHECK(found.of(SIGSEGV));
    CHECK(found.report.rfind("signal 11") == 0);
    CHECK(frames_in(found.report) >= 3);
    CHECK(found.report.back() == '\n');
  }
}

TEST_CASE("a fork of the worker dies without a report") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const death forked = die_in([] {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) std::abort();
    int status = 0;
    ::waitpid(grandchild, &status, 0);
    ::_exit(WIFSIGNALED(status) ? WTERMSIG(status) : 95);
  });
  REQUIRE(WIFEXITED(forked.status));
  CHECK(WEXITSTATUS(forked.status) == SIGABRT);
  CHECK(forked.report.empty());
}

TEST_CASE("a handler the program has already installed stays") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const auto prepare = [] {
    ::signal(SIGFPE, [](int) { ::_exit(42); });
    ::signal(SIGTRAP, SIG_IGN);
  };
  const death own = die_in([] { ::raise(SIGFPE); }, prepare);
  REQUIRE(WIFEXITED(own.status));
  CHECK(WEXITSTATUS(own.status) == 42);
  CHECK(own.report.empty());
  const death ignored = die_in([] { ::raise(SIGTRAP); }, prepare);
  REQUIRE(WIFEXITED(ignored.status));
  CHECK(WEXITSTATUS(ignored.status) == 98);
}

TEST_CASE("installing a second time moves the report to the new descriptor") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  const pipe_ends unused = pipe_ends::make();
  REQUIRE(unused);
  const death found = die_in([] { std::abort(); },
                             [&] {
                               if (!install_crash_trace(unused.writing.get())) ::_exit(99);
                             });
  CHECK(found.of(SIGABRT));
  CHECK(first_line(found.report) == "signal 6 (SIGABRT)");
}

TEST_CASE("a descriptor that cannot be used is refused, and nothing is installed") {
  if (!crash_trace_possible) SKIP("the sanitizer has its own handlers");
  struct sigaction before {};
  struct sigaction after {};
  REQUIRE(::sigaction(SIGSYS, nullptr, &before) == 0);
  CHECK_FALSE(install_crash_trace(-1));
  CHECK(errno == EBADF);
  REQUIRE(::sigaction(SIGSYS, nullptr, &after) == 0);
  CHECK(after.sa_handler == before.sa_handler);
}

TEST_CASE("under a sanitizer nothing is installed") {
  if (crash_trace_possible) SKIP("this is no sanitizer");
  const pipe_ends report = pipe_ends::make();
  REQUIRE(report);
  struct sigaction before {};
  struct sigaction after {};
  REQUIRE(::sigaction(SIGSYS, nullptr, &before) == 0);
  CHECK_FALSE(install_crash_trace(report.writing.get()));
  CHECK(trace_stack_overflow_here());
  REQUIRE(::sigaction(SIGSYS, nullptr, &after) == 0);
  CHECK(after.sa_handler == before.sa_handler);
}
