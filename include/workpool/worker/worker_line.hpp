#pragma once
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/detail/adaptive_spin.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/frame.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The worker's end of its channel, shared by the thread that runs tasks and the one that listens for stop requests.
/// Threads: any. Blocks: receive() and send(); never while they hold the lock.
template <channel Channel>
class worker_line {
 public:
  explicit worker_line(Channel channel) noexcept : channel_(std::move(channel)) {}
  worker_line(const worker_line&) = delete;
  worker_line& operator=(const worker_line&) = delete;

  /// Looks out for a while before it sleeps, where it can. First for what the host sends when it has read the last
  /// answer, which spares both a bell; where that does not come soon the host is rung for. Gives: false when the host
  /// is gone. Throws: protocol_error, std::bad_alloc. Threads: the one that runs tasks.
  bool receive(frame& into) {
    for (;;) {
      {
        const std::lock_guard hold(mutex_);
        if (!kept_.empty()) {
          into = std::move(kept_.front());
          kept_.pop_front();
          return true;
        }
        const transfer got = channel_.receive(into);
        if (got != transfer::blocked) return got == transfer::done;
        if (!channel_.in_shared_memory()) be_heard();
      }
      const auto ring = [this] {
        const std::lock_guard hold(mutex_);
        be_heard();
      };
      if (channel_.in_shared_memory()) {
        const auto has_arrived = [this] { return channel_.has_arrived(); };
        if (spin_.until(has_arrived, ring)) continue;
        spin_.let_others_run();
        if (has_arrived()) continue;
      }
      channel_.wait(wait_for::reading, time_point::max());
    }
  }

  /// A payload with an owner is lent, as in channel. Gives: false when the host is gone. Throws: std::bad_alloc.
  bool send(const frame_header& header, std::span<const std::byte> payload = {},
            std::shared_ptr<const void> owner = nullptr) {
    transfer sent = transfer::done;
    {
      const std::lock_guard hold(mutex_);
      be_heard();
      sent = channel_.send(header, payload, std::move(owner));
    }
    return finish(sent);
  }
  /// The same, of which the host hears when it looks: it is rung for every so many answers it has not read, and by the
  /// next receive(). Threads: the one that runs tasks.
  bool answer(const frame_header& header, std::span<const std::byte> payload) {
    transfer sent = transfer::done;
    {
      const std::lock_guard hold(mutex_);
      if (++unheard_ > most_unheard) be_heard();
      channel_.mute();
      sent = channel_.send(header, payload);
    }
    return finish(sent);
  }

  /// Blocks until something may have arrived; for a second thread.
  void await_reading() { channel_.wait(wait_for::reading, time_point::max()); }

  /// Reads what has arrived and calls `take(frame)` with each; what that does not take is kept for receive(). Gives:
  /// false when the host is gone. `wanted()` is asked first, under the lock. Throws: as receive().
  template <class Wanted, class Take>
  bool listen(Wanted wanted, Take take) {
    const std::lock_guard hold(mutex_);
    for (frame next; wanted();) {
      const transfer got = channel_.receive(next);
      if (got != transfer::done) return got == transfer::blocked;
      if (!take(next)) kept_.push_back(std::exchange(next, {}));
    }
    return true;
  }

 private:
  static constexpr unsigned most_unheard = 32;  // answers

  // The lock is held.
  void be_heard() noexcept {
    unheard_ = 0;
    channel_.unmute();
  }

  bool finish(transfer sent) {
    while (sent == transfer::blocked) {
      {
        const std::lock_guard hold(mutex_);
        be_heard();
      }
      channel_.wait(wait_for::writing, time_point::max());
      const std::lock_guard hold(mutex_);
      sent = channel_.flush();
    }
    return sent == transfer::done;
  }

  adaptive_spin spin_;  // of the thread that runs tasks
  std::mutex mutex_;
  Channel channel_;         // guarded by mutex_, but for its waits
  unsigned unheard_ = 0;    // guarded by mutex_; answers since the host was rung for
  std::deque<frame> kept_;  // guarded by mutex_; arrived while a task was running
};

}}}  // namespace workpool::v0::detail
