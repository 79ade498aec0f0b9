#pragma once
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <unistd.h>

namespace parallel_gzip {

/// One line about the work so far, short enough for a terminal: "45 %  97.2 of 215.0 MB  51.3 MB/s  0:02 left".
/// Units: bytes; MB are 10^6 bytes. Without a total (a pipe) it says only what is known.
inline std::string progress_text(std::uint64_t done, std::optional<std::uint64_t> total,
                                 std::chrono::duration<double> elapsed) {
  constexpr double mega = 1e6;
  const auto bytes = static_cast<double>(done);
  const double rate = elapsed.count() > 0 ? bytes / elapsed.count() : 0;
  char line[96];
  if (!total || *total < done || rate == 0) {
    std::snprintf(line, sizeof line, "%.1f MB  %.1f MB/s", bytes / mega, rate / mega);
  } else {
    const auto all = static_cast<double>(*total);
    const auto left = std::llround((all - bytes) / rate);
    std::snprintf(line, sizeof line, "%.0f %%  %.1f of %.1f MB  %.1f MB/s  %lld:%02lld left", 100 * bytes / all,
                  bytes / mega, all / mega, rate / mega, left / 60, left % 60);
  }
  return line;
}

enum class visibility : bool { hidden, shown };

/// Keeps that line up to date on standard error, and clears it at the end.
/// Cost: a look at the clock per call.
class progress {
 public:
  progress(std::optional<std::uint64_t> total, visibility wanted)
      : total_(total), shown_(wanted == visibility::shown && ::isatty(STDERR_FILENO) == 1) {}
  ~progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void advance(std::uint64_t bytes) {
    done_ += bytes;
    const auto now = clock::now();
    if (!shown_ || now < next_) return;
    next_ = now + interval;
    std::fprintf(stderr, "\r%s\033[K", progress_text(done_, total_, now - start_).c_str());
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds interval{200};  // five times a second is as fast as figures are read

  std::optional<std::uint64_t> total_;
  bool shown_;
  std::uint64_t done_ = 0;
  clock::time_point start_ = clock::now();
  clock::time_point next_ = start_ + interval;
};

}  // namespace parallel_gzip
