#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <workpool/config.hpp>

#include "support/hang_trap.hpp"

/// What the programs of this folder share: each makes one fault that needs a process of its own, and returns the number
/// of things that were not as promised. Threads: the main thread.
namespace fault {

/// A test that cannot be made here; ctest reports it as skipped.
inline constexpr int skipped = 77;

/// ThreadSanitizer has a thread of its own in every process, makes a fork of every vfork, so that no errno comes back,
/// and ends a fork of a process with threads that starts one.
inline constexpr bool forks_are_odd = WORKPOOL_UNDER_TSAN != 0;

inline int failures = 0;

/// Where `expect` says what is not so: standard error, or the descriptor that a host without one was given for it.
inline int words_to = STDERR_FILENO;

/// One thing that has to be so; says what is not.
inline void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  ::dprintf(words_to, "not so: %s\n", what.c_str());
}

template <class Seen, class Wanted>
void expect_equal(const Seen& seen, const Wanted& wanted, const std::string& what) {
  expect(seen == static_cast<Seen>(wanted),
         what + " is " + std::to_string(seen) + ", not " + std::to_string(static_cast<Seen>(wanted)));
}

inline void expect_text(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    expect(text.find(part) != text.npos, "\"" + std::string(text) + "\" contains \"" + std::string(part) + "\"");
  }
}

/// How a child process ended, and what it wrote to standard error.
struct ending {
  int status = 0;
  std::string errors;

  bool by_signal(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
  bool by_exit(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
  std::string in_words() const {
    return (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                : "exit " + std::to_string(WEXITSTATUS(status))) +
           ", standard error: \"" + errors + "\"";
  }
};

/// Runs `body` in a child process; to be called while this process has one thread.
template <class Body>
ending in_child(const std::string& name, Body body) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) std::abort();
  if (child == 0) {
    ::dup2(pipe_ends[1], STDERR_FILENO);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    const workpool_test::hang_trap trap(name);
    body();
    std::exit(failures);
  }
  ::close(pipe_ends[1]);
  ending seen;
  char part[512];
  for (ssize_t size; (size = ::read(pipe_ends[0], part, sizeof part)) > 0;) {
    seen.errors.append(part, static_cast<std::size_t>(size));
  }
  ::close(pipe_ends[0]);
  ::waitpid(child, &seen.status, 0);
  return seen;
}

/// What `body` throws, as text; empty when it throws nothing.
template <class Error, class Body>
std::string thrown_text(Body body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace fault
