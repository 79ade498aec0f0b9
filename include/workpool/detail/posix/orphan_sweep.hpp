#pragma once
#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// From now on descendants whose parents die become children of this process. Gives: 0 or errno.
inline int become_subreaper() noexcept { return ::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno; }

/// How own_children looks: in one file per thread, where the kernel has them (CONFIG_PROC_CHILDREN), or through every
/// process of the machine.
enum class child_search : unsigned char { quickest, every_process };

/// The numbers in the directory's names: processes in /proc, threads in /proc/self/task.
inline std::vector<int> numbers_in(const char* directory) {
  std::vector<int> found;
  DIR* const all = ::opendir(directory);
  if (all == nullptr) return found;
  while (const dirent* one = ::readdir(all)) {
    if (one->d_name[0] >= '1' && one->d_name[0] <= '9') found.push_back(std::atoi(one->d_name));
  }
  ::closedir(all);
  return found;
}

/// Gives: 0 where it cannot be read, or is gone. Source: proc(5), "pid (name) state parent …"; a name may hold ") ".
inline int parent_of(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(file, text, '\0');  // does not throw where the process ends while it is read
  const auto name_ends = text.rfind(')');
  if (name_ends == text.npos) return 0;
  std::istringstream rest(text.substr(name_ends + 1));
  char state = '\0';
  int parent = 0;
  rest >> state >> parent;
  return parent;
}

/// The children of this process, also those that have ended and are not reaped yet. None where there is no /proc.
inline std::vector<int> own_children(child_search search = child_search::quickest) {
  std::vector<int> found;
  bool listed = search == child_search::quickest;
  if (listed) {
    const std::vector<int> threads = numbers_in("/proc/self/task");
    listed = !threads.empty();
    for (const int thread : threads) {
      std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/children");
      listed = listed && file.is_open();
      for (int child = 0; file >> child;) found.push_back(child);
    }
  }
  if (listed) return found;
  found.clear();
  const int me = ::getpid();
  for (const int process : numbers_in("/proc")) {
    if (process != me && parent_of(process) == me) found.push_back(process);
  }
  return found;
}

/// Sends a signal to the process group of a child that is not reaped yet; to the child alone where it leads none.
/// Gives: 0 or errno.
inline int signal_group(int leader, int signal) noexcept {
  if (leader <= 1) return EINVAL;  // -1 would be everybody
  if (::kill(-leader, signal) == 0) return 0;
  return ::kill(leader, signal) == 0 ? 0 : errno;
}

/// The signal nobody outlives.
inline constexpr int kill_signal = SIGKILL;

/// Ends a child, wherever it is, and the process group it leads. Gives: 0 or errno.
inline int end_child(int child) noexcept {
  if (child <= 1) return EINVAL;
  ::kill(-child, SIGKILL);
  return ::kill(child, SIGKILL) == 0 ? 0 : errno;
}

/// Kills every child that `spared(pid)` does not hold to be one of ours. What those had as children comes to this
/// process when they are dead: reap, and sweep again, until it gives 0. Gives: how many it found.
template <class Spared>
std::size_t sweep_orphans(Spared spared, child_search search = child_search::quickest) {
  std::size_t strangers = 0;
  for (const int child : own_children(search)) {
    if (spared(child)) continue;
    ++strangers;
    end_child(child);
  }
  return strangers;
}

}}}  // namespace workpool::v0::detail
