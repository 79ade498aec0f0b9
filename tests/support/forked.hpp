#pragma once

#include <poll.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

/// What tests of processes share. Catch2 is not used here, so that children may use all of it.
namespace workpool_test {

/// Runs `body` in a fork of this process and waits for it. Gives: what it returned; 128 + signal where that ended it.
template <class Body>
int code_of_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/// The descriptors that are open in this process.
inline std::set<int> open_descriptors() {
  std::vector<int> listed;
  for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    listed.push_back(std::stoi(one.path().filename().string()));
  }
  std::set<int> open;
  for (const int one : listed) {  // the directory's own is closed by now
    if (::access(("/proc/self/fd/" + std::to_string(one)).c_str(), F_OK) == 0) open.insert(one);
  }
  return open;
}

/// The state of a process as the kernel writes it: S, R, T, …; X where there is none.
inline char state_of(int pid) {
  char state = 'X';
  if (std::FILE* const file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "re")) {
    if (std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 'X';
    std::fclose(file);
  }
  return state;
}
/// Whether there is a process of this number that has not ended.
inline bool runs(int pid) {
  const char state = state_of(pid);
  return state != 'X' && state != 'Z';
}
/// Whether a signal has stopped it.
inline bool is_stopped(int pid) { return state_of(pid) == 'T'; }

/// Reads to the end, which comes when the last writer is gone.
inline std::string read_all(int descriptor) {
  std::string found;
  char part[512];
  for (ssize_t size; (size = ::read(descriptor, part, sizeof part)) != 0;) {
    if (size > 0) found.append(part, static_cast<std::size_t>(size));
    if (size < 0 && errno != EINTR) break;
  }
  return found;
}

/// Whether the descriptor becomes readable, or reaches its end, within this time.
inline bool readable_within(int descriptor, int milliseconds) {
  pollfd one{descriptor, POLLIN, 0};
  int found = 0;
  while ((found = ::poll(&one, 1, milliseconds)) < 0 && errno == EINTR) {
  }
  return found == 1;
}

inline void write_text(int descriptor, const std::string& text) {
  if (::write(descriptor, text.data(), text.size()) < 0) std::abort();
}

}  // namespace workpool_test
