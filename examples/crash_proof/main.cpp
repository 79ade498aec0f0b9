/// crash_proof: measures every header of a directory tree with a parser that crashes on some. It runs in the child
/// processes of a workpool::fork_pool, so that a file which takes the parser down costs that file, and nothing else.
/// What the pool is used for stands in measure.hpp; the parser, outline.hpp, knows nothing of pools.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker_entry.hpp>

#include "hostile.hpp"
#include "interrupts.hpp"
#include "measure.hpp"
#include "options.hpp"

namespace crash_proof { namespace {

/// Gives: the regular files of all roots, in the order of their names. Throws: std::filesystem::filesystem_error.
std::vector<std::string> files_of(const std::vector<std::string>& roots) {
  namespace fs = std::filesystem;
  std::vector<std::string> paths;
  for (const std::string& root : roots) {
    const auto first = static_cast<std::ptrdiff_t>(paths.size());
    if (!fs::is_directory(root)) {
      paths.push_back(root);
      continue;
    }
    constexpr auto how = fs::directory_options::skip_permission_denied;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root, how)) {
      if (entry.symlink_status().type() == fs::file_type::regular) paths.push_back(entry.path().string());
    }
    std::sort(paths.begin() + first, paths.end());
  }
  return paths;
}

void print(const findings& all, std::chrono::duration<double> took) {
  for (const auto& [path, reason] : all.failures) std::cout << path << ": " << reason << '\n';
  char speed[64];
  const double seconds = took.count();
  std::snprintf(speed, sizeof speed, "%.2f s, %.0f files/s", seconds, static_cast<double>(all.measured) / seconds);
  std::cout << all.measured << " files measured, " << all.failures.size() << " failed";
  if (all.left != 0) std::cout << ", " << all.left << " left out";
  std::cout << "; " << speed << '\n'
            << all.sums.lines << " lines, " << all.sums.comments << " comments, " << all.sums.macros << " macros\n";
  if (!all.deepest_in.empty()) std::cout << "deepest brackets: " << all.sums.deepest << ", " << all.deepest_in << '\n';
  if (!all.longest_in.empty())
    std::cout << "longest macro: " << all.sums.longest << " bytes, " << all.longest_in << '\n';
  std::cout.flush();
}

int run(const options& chosen) {
  const std::vector<std::string> paths = files_of(chosen.roots);
  const auto start = std::chrono::steady_clock::now();
  findings all;
  int signal = 0;
  {
    workpool::fork_pool pool({.name = "outline", .workers = chosen.workers, .hard_memory = chosen.mebibytes << 20});
    const interrupts stop([&] { pool.shutdown({.drain = workpool::duration::zero()}); });
    all = measure(pool, paths, chosen);
    signal = stop.number();
  }
  print(all, std::chrono::steady_clock::now() - start);
  if (signal != 0) end_by_signal(signal);
  return all.failures.empty() ? 0 : 1;
}

}}  // namespace crash_proof

int main(int argc, char** argv) try {
  if (const auto code = workpool::worker_entry(argc, argv)) return *code;  // the first line: children enter here
  crash_proof::options chosen;
  if (const auto status = crash_proof::parse(chosen, argc, argv)) return *status;
  if (!chosen.hostile.empty()) {
    crash_proof::make_hostile(chosen.hostile);
    return 0;
  }
  return crash_proof::run(chosen);
} catch (const std::exception& reason) {
  std::cerr << "crash_proof: " << reason.what() << '\n';
  return 1;
}
