#pragma once
#include <chrono>
#include <cstddef>
#include <cstdio>

#include <unistd.h>

namespace crash_proof {

enum class visibility : bool { hidden, shown };

/// Keeps a line like "45 %  812 of 1804 files  3 failed  5120 files/s" up to date on standard error, where that is a
/// terminal, and clears it at the end.
/// Cost: a look at the clock per call.
class progress {
 public:
  progress(std::size_t total, visibility wanted)
      : total_(total), shown_(wanted == visibility::shown && ::isatty(STDERR_FILENO) == 1) {}
  ~progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void show(std::size_t done, std::size_t failed) {
    const auto now = clock::now();
    if (!shown_ || now < next_) return;
    next_ = now + interval;
    const std::chrono::duration<double> elapsed = now - start_;
    std::fprintf(stderr, "\r%zu %%  %zu of %zu files  %zu failed  %.0f files/s\033[K", 100 * done / total_, done,
                 total_, failed, static_cast<double>(done) / elapsed.count());
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds interval{200};  // five times a second is as fast as figures are read

  const std::size_t total_;
  const bool shown_;
  const clock::time_point start_ = clock::now();
  clock::time_point next_ = start_ + interval;
};

}  // namespace crash_proof
