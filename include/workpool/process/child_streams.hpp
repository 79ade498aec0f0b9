#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/pipe_reading.hpp>
#include <workpool/detail/posix/poller.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/process/output_tail.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The three pipes over which a worker process says something, as indices.
enum class child_stream : std::uint8_t { out, err, report };
inline constexpr std::size_t child_stream_count = 3;

/// Whether the text of a worker is to be delivered to somebody, or only the tail is wanted.
enum class child_text : std::uint8_t { wanted, dropped };

/// The reading ends of one worker's pipes and what is kept of what came out: the end of its standard error, the report
/// of its crash, and what was read ahead of the thread that delivers it.
///
///     pipe ──► read() ─────────────────────► delivered by the pump's thread, in the order of the pipe
///       └────► drain(), by anybody ─► ahead ─┘
///
/// Threads: any; read(), take_ahead() and mark() are for one at a time, the pump's. Nothing blocks. Memory: 20 KiB kept
/// and at most `most_ahead` per pipe read ahead.
class child_streams {
 public:
  static constexpr std::size_t most_ahead = std::size_t{1} << 20;       // bytes; as large as a pipe gets unprivileged
  static constexpr std::size_t longest_report = std::size_t{16} << 10;  // bytes; what is beyond is read and dropped

  /// Tokens of the poller are `number` * 4 + the stream. Any pipe may be empty.
  child_streams(std::uint64_t number, worker_id worker, child_text text,
                std::array<unique_fd, child_stream_count> pipes)
      : number_(number), worker_(worker), text_(text) {
    for (std::size_t n = 0; n < pipes.size(); ++n) pipes_[n].end = std::move(pipes[n]);
  }

  worker_id worker() const noexcept { return worker_; }
  std::uint64_t number() const noexcept { return number_; }

  /// Lets the poller watch every pipe. Gives: false, with errno, where one cannot be watched; close() then.
  bool watch(poller& watching) noexcept {
    const std::lock_guard hold(mutex_);
    for (std::size_t n = 0; n < pipes_.size(); ++n) {
      one_pipe& pipe = pipes_[n];
      if (!pipe.end) continue;
      if (!watching.add(pipe.end.get(), interest::reading, number_ * 4 + n)) return false;
      pipe.watched = true;
    }
    return true;
  }

  /// Nobody looks at this pipe until unmute(): its worker blocks when it is full.
  void mute(child_stream stream, poller& watching) noexcept { listen(stream, interest::nothing, watching); }
  void unmute(child_stream stream, poller& watching) noexcept { listen(stream, interest::reading, watching); }

  /// One read into `room`. Gives: what is to be delivered; nothing when the pipe is empty or over, when the text is not
  /// wanted, or when something was read ahead, which comes first.
  std::string_view read(child_stream stream, std::span<char> room, poller& watching) noexcept {
    const std::lock_guard hold(mutex_);
    one_pipe& pipe = at(stream);
    if (!pipe.end || !pipe.ahead.empty()) return {};
    const read_result got = read_now(pipe.end.get(), room);
    if (got.state == read_state::over) close(pipe, watching);
    if (got.state != read_state::some) return {};
    const std::string_view text(room.data(), got.size);
    keep(stream, text);
    pipe.taken += got.size;
    return is_delivered(stream) ? text : std::string_view();
  }

  /// Reads, without delivering it, what is in the pipes now: neither an end of file nor a grandchild that goes on
  /// writing is waited for.
  void drain() noexcept {
    const std::lock_guard hold(mutex_);
    for (std::size_t n = 0; n < pipes_.size(); ++n) drain(static_cast<child_stream>(n));
  }

  /// Reads what is there and closes the pipes: who still writes gets SIGPIPE or EPIPE.
  void close(poller& watching) noexcept {
    const std::lock_guard hold(mutex_);
    for (std::size_t n = 0; n < pipes_.size(); ++n) {
      drain(static_cast<child_stream>(n));
      close(pipes_[n], watching);
    }
  }

  struct ahead {
    std::string text;   // what was drained since the last time
    bool last = false;  // the pipe is closed: nothing comes after it
  };
  ahead take_ahead(child_stream stream) noexcept {
    const std::lock_guard hold(mutex_);
    one_pipe& pipe = at(stream);
    return {std::exchange(pipe.ahead, {}), !pipe.end};
  }

  /// Remembers how much has been written to the pipe until now.
  void mark(child_stream stream) noexcept {
    const std::lock_guard hold(mutex_);
    one_pipe& pipe = at(stream);
    pipe.mark = pipe.taken + bytes_in(pipe.end.get());
  }
  /// Whether everything up to the mark was given to the one who delivers it.
  bool reached_mark(child_stream stream) const noexcept {
    const std::lock_guard hold(mutex_);
    const one_pipe& pipe = at(stream);
    return pipe.ahead.empty() && (!pipe.end || pipe.taken >= pipe.mark);
  }

  std::string tail() const {
    const std::lock_guard hold(mutex_);
    return tail_.text();
  }
  std::string report() const {
    const std::lock_guard hold(mutex_);
    return report_;
  }
  /// Units: bytes for which there was no room.
  std::uint64_t lost() const noexcept {
    const std::lock_guard hold(mutex_);
    return lost_;
  }

 private:
  struct one_pipe {
    unique_fd end;
    std::string ahead;  // drained, not delivered; always empty where nothing is delivered
    std::uint64_t taken = 0, mark = 0;
    bool watched = false;
    interest wanted = interest::reading;
  };

  one_pipe& at(child_stream stream) noexcept { return pipes_[static_cast<std::size_t>(stream)]; }
  const one_pipe& at(child_stream stream) const noexcept { return pipes_[static_cast<std::size_t>(stream)]; }

  bool is_delivered(child_stream stream) const noexcept {
    return text_ == child_text::wanted && stream != child_stream::report;
  }

  void listen(child_stream stream, interest wanted, poller& watching) noexcept {
    const std::lock_guard hold(mutex_);
    one_pipe& pipe = at(stream);
    if (!pipe.watched || std::exchange(pipe.wanted, wanted) == wanted) return;
    watching.modify(pipe.end.get(), wanted, number_ * 4 + static_cast<std::uint64_t>(stream));
  }

  static void close(one_pipe& pipe, poller& watching) noexcept {
    if (std::exchange(pipe.watched, false)) watching.remove(pipe.end.get());
    pipe.end.reset();
  }

  void keep(child_stream stream, std::string_view text) noexcept {
    if (stream == child_stream::err) tail_.feed(text);
    if (stream == child_stream::report) append(report_, longest_report, text);
  }

  void drain(child_stream stream) noexcept {
    one_pipe& pipe = at(stream);
    std::array<char, 4096> room;
    for (std::size_t left = bytes_in(pipe.end.get()); left > 0;) {
      const read_result got = read_now(pipe.end.get(), std::span(room).first(std::min(left, room.size())));
      if (got.state != read_state::some) return;
      const std::string_view text(room.data(), got.size);
      keep(stream, text);
      if (is_delivered(stream)) lost_ += text.size() - append(pipe.ahead, most_ahead, text);
      pipe.taken += text.size();
      left -= text.size();
    }
  }

  // Gives: how much of it there was room for.
  static std::size_t append(std::string& all, std::size_t limit, std::string_view text) noexcept {
    const std::size_t fits = std::min(text.size(), limit - all.size());
    try {
      all.append(text.substr(0, fits));
    } catch (const std::bad_alloc&) {
      return 0;
    }
    return fits;
  }

  const std::uint64_t number_;
  const worker_id worker_;
  const child_text text_;
  mutable std::mutex mutex_;  // guards what follows
  std::array<one_pipe, child_stream_count> pipes_;
  output_tail tail_;
  std::string report_;
  std::uint64_t lost_ = 0;
};

}}}  // namespace workpool::v0::detail
