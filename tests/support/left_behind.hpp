#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/eventually.hpp"

namespace workpool_test {

/// Takes the status of every child that has ended.
inline void reap_all() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

/// What the kernel says of a process: its name, state and parent, its signals, what it waits for, and its nanoseconds
/// on a core and in the queue for one.
inline std::string process_in_words(int pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/";
  std::string words = std::to_string(pid);
  std::ifstream status(folder + "status");
  for (std::string line; std::getline(status, line);) {
    for (const char* const wanted : {"Name:", "State:", "PPid:", "SigPnd:", "ShdPnd:", "SigBlk:"}) {
      if (line.rfind(wanted, 0) != 0) continue;
      std::istringstream parts(line);
      for (std::string part; parts >> part;) words += " " + part;
    }
  }
  for (const char* const name : {"wchan", "schedstat"}) {
    std::ifstream file(folder + name);
    std::string text;
    std::getline(file, text);
    words += std::string(" ") + name + ": " + text;
  }
  return words;
}

/// Whether SIGKILL has been sent to a process and the machine has not come to it since.
inline bool end_is_on_its_way(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("SigPnd:", 0) != 0 && line.rfind("ShdPnd:", 0) != 0) continue;
    if ((std::stoull(line.substr(7), nullptr, 16) >> (SIGKILL - 1) & 1) != 0) return true;
  }
  return false;
}

/// Waits, reaping, until `look()`, a list of processes, is empty. Gives: nothing; when it is not after a second, who is
/// left, and whether that one goes later.
///
/// Seen with sixteen tests at a time on two cores: forks that had SIGKILL pending and had not run for a single
/// nanosecond since they were made, and a zygote that waited to reap them; none after 1.5 s. Where somebody is left so,
/// all is done that can be, and ten more seconds are given. Who is an orphan has no signal pending.
template <class Look>
[[nodiscard]] std::string left_behind(Look look) {
  std::vector<int> left;
  const auto none_is_left = [&] {
    reap_all();
    left = look();
    if (!left.empty()) ::usleep(1'000);  // a look through all processes is long: it is them who need the core
    return left.empty();
  };
  const auto begin = std::chrono::steady_clock::now();
  if (eventually(none_is_left, std::chrono::seconds(1))) return {};
  const bool late = std::any_of(left.begin(), left.end(), end_is_on_its_way);
  std::string words = std::to_string(left.size()) + " processes are left:";
  for (const int one : left) words += "\n  " + process_in_words(one);
  const bool later = eventually(none_is_left, std::chrono::seconds(10));
  if (later && late) return {};
  const std::chrono::duration<double> after = std::chrono::steady_clock::now() - begin;
  words += later ? "\nand none after " : "\nand " + std::to_string(left.size()) + " after ";
  return words + std::to_string(after.count()) + " s";
}

}  // namespace workpool_test
