#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// Gives: 0 in the child, the child's pid in the parent, -1 with errno on failure.
inline int fork_process() noexcept { return ::fork(); }

/// Ends this process without flushing, destructors or handlers of exit.
[[noreturn]] inline void leave_process(int code) noexcept { ::_exit(code); }

/// The child leads its own process group, which the child does as well: whoever is first.
inline void give_own_group(int child) noexcept { ::setpgid(child, child); }

/// A session and a group of its own: what is typed at the host's terminal does not arrive here.
inline void leave_session() noexcept { ::setsid(); }

inline void block_all_signals() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) ::sigdelset(&all, fault);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

/// What `ps` shows; 15 characters.
inline void name_this_process(const char* name) noexcept { ::prctl(PR_SET_NAME, name); }

/// Whether the descriptor stays open through exec.
enum class on_exec : unsigned char { keep, close };

inline int set_on_exec(int descriptor, on_exec wanted) noexcept {
  return ::fcntl(descriptor, F_SETFD, wanted == on_exec::keep ? 0 : FD_CLOEXEC) == 0 ? 0 : errno;
}

/// Strings in the form in which exec wants them: an array of pointers that ends with a null pointer.
class string_pointers {
 public:
  explicit string_pointers(std::vector<std::string> strings) : strings_(std::move(strings)) {
    pointers_.reserve(strings_.size() + 1);
    for (std::string& one : strings_) pointers_.push_back(one.data());
    pointers_.push_back(nullptr);
  }
  string_pointers(const string_pointers&) = delete;
  string_pointers& operator=(const string_pointers&) = delete;

  char** get() noexcept { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

/// "NAME=value" for every variable of this process. Threads: none may change the environment meanwhile.
inline std::vector<std::string> own_environment() {
  std::vector<std::string> found;
  for (char** one = ::environ; one != nullptr && *one != nullptr; ++one) found.emplace_back(*one);
  return found;
}

/// Becomes the program words[0], with the environment of this process. Gives: errno, as it has failed then.
inline int exec_program(const std::vector<std::string>& words) {
  string_pointers arguments(words);
  ::execve(arguments.get()[0], arguments.get(), ::environ);
  return errno;
}

}}}  // namespace workpool::v0::detail
