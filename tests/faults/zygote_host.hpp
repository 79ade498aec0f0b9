#pragma once

#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/worker/zygote_hall.hpp>
#include <workpool/worker_entry.hpp>

#include "fault.hpp"
#include "support/eventually.hpp"
#include "support/zygote_talk.hpp"

/// What the programs about zygotes share.
namespace fault {

/// Every process that has this variable in the environment it was exec'd with, or is a fork of one that has.
inline std::vector<int> processes_marked(const std::string& mark) {
  std::vector<int> found;
  for (const int pid : workpool::detail::numbers_in("/proc")) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/environ");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.find(mark) != text.npos && workpool_test::runs(pid)) found.push_back(pid);
  }
  return found;
}

}  // namespace fault
