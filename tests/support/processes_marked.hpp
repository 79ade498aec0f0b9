#pragma once

#include <fstream>
#include <string>
#include <vector>
#include <workpool/detail/posix/orphan_sweep.hpp>

#include "support/forked.hpp"

namespace workpool_test {

/// Every process that runs and has this variable in the environment it was exec'd with, or is a fork of one that has.
inline std::vector<int> processes_marked(const std::string& variable, const std::string& value) {
  const std::string mark = variable + "=" + value + '\0';  // its end too: 314 is not 31415
  std::vector<int> found;
  for (const int pid : workpool::detail::numbers_in("/proc")) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/environ");
    std::string text;
    for (std::string part; std::getline(file, part, '\0'); text += '\0') text += part;  // throws nowhere it may end
    if (text.find(mark) != text.npos && runs(pid)) found.push_back(pid);
  }
  return found;
}

}  // namespace workpool_test
