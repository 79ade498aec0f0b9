#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
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

/// Waits, reaping, until `look()`, a list of processes, is empty. Gives: nothing; when it is not after a second, who is
/// left, and whether that one goes later: then it was the machine that had not come to it, else it is an orphan.
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
  std::string words = std::to_string(left.size()) + " processes are left:";
  for (const int one : left) words += "\n  " + process_in_words(one);
  const bool later = eventually(none_is_left, std::chrono::seconds(10));
  const std::chrono::duration<double> after = std::chrono::steady_clock::now() - begin;
  words += later ? "\nand none after " : "\nand " + std::to_string(left.size()) + " after ";
  return words + std::to_string(after.count()) + " s";
}

}  // namespace workpool_test
