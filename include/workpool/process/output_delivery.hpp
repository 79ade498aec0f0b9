#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <workpool/core/worker_info.hpp>
#include <workpool/process/child_output.hpp>
#include <workpool/process/line_splitter.hpp>
#include <workpool/process/output_backlog.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The two standard streams of a worker, as lines.
using output_lines = std::array<line_splitter, 2>;

/// The descriptors to which standard output and standard error are forwarded.
using host_descriptors = std::array<int, 2>;
inline constexpr host_descriptors standard_output_and_error{1, 2};

/// Does with the text of workers what child_output says.
/// Threads: one at a time, but for faults() and lost(). Blocks: only as long as the handler does.
class output_delivery {
 public:
  output_delivery(child_output mode, output_handler handler, host_descriptors host = standard_output_and_error)
      : mode_(mode), handler_(std::move(handler)), backlogs_{output_backlog(host[0]), output_backlog(host[1])} {}

  bool wants_text() const noexcept { return mode_ == child_output::forward || mode_ == child_output::capture; }
  /// The host takes no more of this stream (0: standard output, 1: standard error) for now.
  bool full(std::size_t stream) const noexcept { return backlogs_[stream].full(); }
  bool any_full() const noexcept { return full(0) || full(1); }

  void deliver(worker_id worker, std::size_t stream, output_lines& lines, std::string_view text) noexcept {
    if (text.empty()) return;
    try {
      lines[stream].feed(text, [&](std::string_view line) { pass_on(worker, stream, line); });
    } catch (const std::bad_alloc&) {
      lost_.fetch_add(text.size(), std::memory_order_relaxed);
    }
    backlogs_[stream].write_out();
  }

  /// The stream of this worker is over.
  void finish(worker_id worker, std::size_t stream, output_lines& lines) noexcept {
    lines[stream].finish([&](std::string_view line) { pass_on(worker, stream, line); });
    backlogs_[stream].write_out();
  }

  /// Tries again what the host did not take.
  void write_out() noexcept {
    for (output_backlog& backlog : backlogs_) backlog.write_out();
  }
  /// From now on everything is dropped.
  void silence() noexcept { silent_ = true; }
  /// Gives up what the host has not taken.
  void abandon() noexcept {
    for (output_backlog& backlog : backlogs_) backlog.abandon();
  }
  /// Blocks until `watched` is readable or the host takes more again.
  void await_host(int watched) const noexcept {
    std::array<int, 2> full_ones{};
    std::size_t count = 0;
    for (const output_backlog& backlog : backlogs_) {
      if (backlog.full()) full_ones[count++] = backlog.descriptor();
    }
    detail::await_host(watched, std::span<const int>(full_ones).first(count));
  }

  using positions = std::array<std::uint64_t, 2>;
  /// How much was given to the host's streams.
  positions added() const noexcept { return {backlogs_[0].added(), backlogs_[1].added()}; }
  bool passed_on(const positions& until) const noexcept {
    return backlogs_[0].passed_on() >= until[0] && backlogs_[1].passed_on() >= until[1];
  }

  /// How often the handler threw.
  std::uint64_t faults() const noexcept { return faults_.load(std::memory_order_relaxed); }
  /// Units: bytes.
  std::uint64_t lost() const noexcept {
    return lost_.load(std::memory_order_relaxed) + backlogs_[0].lost() + backlogs_[1].lost();
  }

 private:
  void pass_on(worker_id worker, std::size_t stream, std::string_view line) noexcept {
    if (silent_) return;
    if (mode_ == child_output::forward) return backlogs_[stream].add_line(line);
    if (mode_ != child_output::capture || !handler_) return;
    try {
      handler_(worker, static_cast<int>(stream) + 1, line);
    } catch (...) {
      faults_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  const child_output mode_;
  const output_handler handler_;
  std::array<output_backlog, 2> backlogs_;
  bool silent_ = false;
  std::atomic<std::uint64_t> faults_{0}, lost_{0};  // written by the owner
};

}}}  // namespace workpool::v0::detail
