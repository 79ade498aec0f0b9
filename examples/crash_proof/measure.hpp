#pragma once
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <workpool/pool/fork_pool.hpp>

#include "options.hpp"
#include "outline.hpp"
#include "progress.hpp"
#include "why.hpp"

namespace crash_proof {

struct failure {
  std::string path, reason;
};

struct findings {
  std::size_t measured = 0, left = 0;  // left: not looked at, because the pool was told to stop
  std::vector<failure> failures{};
  outline sums{};  // of all files; deepest and longest are the greatest of any
  std::string deepest_in{}, longest_in{};

  void add(const std::string& path, const outline& one) {
    ++measured;
    sums.bytes += one.bytes;
    sums.lines += one.lines;
    sums.comments += one.comments;
    sums.macros += one.macros;
    if (one.deepest > sums.deepest) sums.deepest = one.deepest, deepest_in = path;
    if (one.longest > sums.longest) sums.longest = one.longest, longest_in = path;
  }
};

/// Runs in a worker. Throws: std::system_error.
inline outline outline_of_file(const std::string& path) {
  const auto fail = [&] { throw std::system_error(errno, std::generic_category(), path); };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (file == nullptr) fail();
  std::string text;
  for (std::size_t size = 0, got = 1; got != 0; size += got, text.resize(size)) {
    text.resize(size + 65536);
    got = std::fread(text.data() + size, 1, text.size() - size, file.get());
    if (got == 0 && std::ferror(file.get()) != 0) fail();
  }
  return outline_of(text);
}

/// Measures the files in the workers of the pool. A file that takes its worker down, or takes too long, is a failure
/// with its reason; the others never notice. When the pool is shut down meanwhile, what is not done is `left`.
inline findings measure(workpool::fork_pool& pool, const std::vector<std::string>& paths, const options& chosen) {
  std::vector<workpool::future<outline>> outlines;
  outlines.reserve(paths.size());
  findings all;
  progress shown(paths.size(), chosen.quiet ? visibility::hidden : visibility::shown);
  try {
    for (const std::string& path : paths) {
      outlines.push_back(pool.submit({.name = path, .timeout = chosen.timeout()}, &outline_of_file, path));
    }
  } catch (const workpool::pool_stopped&) {
    all.left = paths.size() - outlines.size();
  }
  for (std::size_t i = 0; i < outlines.size(); ++i) {
    try {
      all.add(paths[i], outlines[i].get());
    } catch (const workpool::task_discarded&) {
      ++all.left;
    } catch (const workpool::task_cancelled&) {
      ++all.left;
    } catch (...) {
      all.failures.push_back({paths[i], why(std::current_exception(), chosen)});
    }
    shown.show(i + 1, all.failures.size());
  }
  return all;
}

}  // namespace crash_proof
