#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/detail/posix/poller.hpp>
#include <workpool/process/child_streams.hpp>
#include <workpool/process/output_delivery.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the thread of an output_pump does, and what others leave for it to do.
///
/// Threads: run() is the thread; the rest is for any. Cost: sleeps while no worker says anything. Order: workers take
/// turns of at most 64 KiB.
class output_work {
 public:
  /// Throws: std::bad_alloc.
  output_work(child_output mode, output_handler handler, host_descriptors host = standard_output_and_error)
      : room_(std::size_t{64} << 10), delivery_(mode, std::move(handler), host) {
    if (!watching_ || !bell_ || !watching_.add(bell_.get(), interest::reading, bell_token)) problem_ = errno;
  }

  /// 0, or the errno for which it is of no use: there are no descriptors left.
  int problem() const noexcept { return problem_; }

  /// Throws: std::bad_alloc. Gives: none, with errno, where a pipe cannot be watched.
  std::shared_ptr<child_streams> admit(worker_id worker, std::array<unique_fd, child_stream_count> pipes) {
    const std::uint64_t number = last_number_.fetch_add(1, std::memory_order_relaxed) + 1;
    const auto streams = std::make_shared<child_streams>(
        number, worker, delivery_.wants_text() ? child_text::wanted : child_text::dropped, std::move(pipes));
    crowd newcomer;
    newcomer.try_emplace(number).first->second.streams = streams;
    if (!streams->watch(watching_)) {
      const int reason = errno;
      streams->close(watching_);
      errno = reason;
      return nullptr;
    }
    {
      const std::lock_guard hold(mutex_);
      newcomers_.merge(newcomer);
    }
    ring();
    return streams;
  }

  /// Reads what is there, without delivering it yet.
  void drain(child_streams& streams) noexcept {
    streams.drain();
    ring();
  }

  /// Reads what is there and closes the pipes.
  void close(child_streams& streams) noexcept {
    streams.close(watching_);
    ring();
  }

  /// Blocks until what was in the pipes has been delivered, the thread has ended, or `deadline` has passed.
  /// Gives: whether it was delivered.
  bool flush(time_point deadline) noexcept {
    const std::uint64_t mine = flush_wanted_.fetch_add(1, std::memory_order_acq_rel) + 1;
    ring();
    const auto done = [&] { return flush_done_.load(std::memory_order_acquire) >= mine; };
    flushed_.await([&] { return done() || over_.load(std::memory_order_acquire); }, deadline);
    return done();
  }

  /// The thread delivers what is in the pipes, to a host that takes it at once, and ends.
  void stop() noexcept {
    stopping_.store(true, std::memory_order_release);
    ring();
  }

  /// The same without delivering anything more. For the thread itself, from within the handler.
  void forsake() noexcept {
    delivery_.silence();
    stop();
  }

  void run() noexcept {
    std::array<poll_event, 64> happened;
    while (!stopping_.load(std::memory_order_acquire)) {
      for (const poll_event& one : await_news(happened)) {
        if (one.token == bell_token) {
          bell_.clear();
          look_after_all();
        } else {
          take_turn(one.token);
        }
      }
      serve_flush();
    }
    say_last_words();
  }

  std::uint64_t faults() const noexcept { return delivery_.faults(); }
  /// Units: bytes.
  std::uint64_t lost() const noexcept { return delivery_.lost() + lost_ahead_.load(std::memory_order_relaxed); }

 private:
  struct attended {
    std::shared_ptr<child_streams> streams;
    output_lines lines;
    std::array<bool, 2> over{};  // finished lines
    std::uint64_t counted_lost = 0;
  };
  using crowd = std::map<std::uint64_t, attended>;

  static constexpr std::uint64_t bell_token = 0;  // sources are numbered from 1
  static constexpr std::array<child_stream, 2> spoken{child_stream::out, child_stream::err};
  static constexpr std::array<child_stream, 3> every_stream{child_stream::out, child_stream::err, child_stream::report};

  void ring() noexcept { bell_.ring(); }

  std::span<poll_event> await_news(std::span<poll_event> room) noexcept {
    const bool host_first = delivery_.any_full();
    if (host_first) {
      delivery_.await_host(watching_.get());
      delivery_.write_out();
    }
    for (const child_stream stream : spoken) unmute(stream);
    // Not to sleep on what the host has just taken: a flush may have waited for that.
    return watching_.wait(room, host_first ? time_point{} : time_point::max());
  }

  // Not only when the host was waited for: whoever is delivered tries again what the host did not take.
  void unmute(child_stream stream) noexcept {
    const auto index = static_cast<std::size_t>(stream);
    if (delivery_.full(index) || !std::exchange(any_muted_[index], false)) return;
    for (const auto& [number, one] : crowd_) one.streams->unmute(stream, watching_);
  }

  void take_turn(std::uint64_t token) noexcept {
    const auto found = crowd_.find(token / 4);
    if (found == crowd_.end()) return;  // gone meanwhile, or so new that the bell comes next
    attended& one = found->second;
    const auto stream = static_cast<child_stream>(token % 4);
    const auto index = static_cast<std::size_t>(token % 4);
    if (stream == child_stream::report) {
      static_cast<void>(one.streams->read(stream, room_, watching_));
    } else if (delivery_.full(index)) {
      one.streams->mute(stream, watching_);
      any_muted_[index] = true;
      return;
    } else {
      delivery_.deliver(one.streams->worker(), index, one.lines, one.streams->read(stream, room_, watching_));
    }
    look_after(one);
  }

  void look_after_all() noexcept {
    {
      const std::lock_guard hold(mutex_);
      crowd_.merge(newcomers_);
    }
    for (auto next = crowd_.begin(); next != crowd_.end();) {
      const auto here = next++;
      if (look_after(here->second)) crowd_.erase(here);
    }
  }

  // Delivers what was drained. Gives: whether nothing more will come.
  bool look_after(attended& one) noexcept {
    child_streams& streams = *one.streams;
    for (const child_stream stream : spoken) {
      const auto index = static_cast<std::size_t>(stream);
      const child_streams::ahead ahead = streams.take_ahead(stream);
      delivery_.deliver(streams.worker(), index, one.lines, ahead.text);
      if (ahead.last && !std::exchange(one.over[index], true)) delivery_.finish(streams.worker(), index, one.lines);
    }
    const std::uint64_t lost = streams.lost();
    lost_ahead_.fetch_add(lost - std::exchange(one.counted_lost, lost), std::memory_order_relaxed);
    return one.over[0] && one.over[1] && streams.take_ahead(child_stream::report).last;
  }

  // First everything that was in the pipes at the request is delivered, then everything that came of it goes to the
  // host.
  void serve_flush() noexcept {
    for (;;) {
      if (flushing_ == 0) {
        flushing_ = flush_wanted_.load(std::memory_order_acquire);
        if (flushing_ == flush_done_.load(std::memory_order_relaxed)) {
          flushing_ = 0;
          return;
        }
        look_after_all();
        for (const auto& [number, one] : crowd_) {
          for (const child_stream stream : every_stream) one.streams->mark(stream);
        }
        delivered_ = false;
      }
      if (!delivered_) {
        for (const auto& [number, one] : crowd_) {
          for (const child_stream stream : every_stream) {
            if (!one.streams->reached_mark(stream)) return;
          }
        }
        delivered_ = true;
        flushed_until_ = delivery_.added();
      }
      if (!delivery_.passed_on(flushed_until_)) return;
      flush_done_.store(std::exchange(flushing_, 0), std::memory_order_release);
      flushed_.notify_all();
    }
  }

  void say_last_words() noexcept {
    look_after_all();
    for (auto& [number, one] : crowd_) {
      one.streams->close(watching_);
      look_after(one);
    }
    crowd_.clear();
    delivery_.write_out();
    serve_flush();
    delivery_.abandon();
    over_.store(true, std::memory_order_release);
    flushed_.notify_all();
  }

  poller watching_ = poller::make();
  const event_fd bell_ = watching_ ? event_fd::make() : event_fd();  // errno is that of the first that failed
  int problem_ = 0;
  std::atomic<std::uint64_t> last_number_{0};
  std::mutex mutex_;
  crowd newcomers_;  // guarded by mutex_
  std::atomic<bool> stopping_{false}, over_{false};
  std::atomic<std::uint64_t> flush_wanted_{0}, flush_done_{0};  // requests are numbered; the thread writes the second
  std::atomic<std::uint64_t> lost_ahead_{0};                    // bytes; written by the thread
  eventcount flushed_;

  // Of the thread alone:
  crowd crowd_;
  std::vector<char> room_;
  output_delivery delivery_;
  std::array<bool, 2> any_muted_{};  // workers that are not read until the host takes more
  std::uint64_t flushing_ = 0;       // the request that is being served, or 0
  bool delivered_ = false;           // the first half of it is done
  output_delivery::positions flushed_until_{};
};

}}}  // namespace workpool::v0::detail
