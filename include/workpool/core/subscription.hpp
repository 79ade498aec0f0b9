#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace workpool { inline namespace v0 {

namespace detail {

/// A handler somebody attached: called by one thread at a time, and never again once cancelled. Whoever has entered it
/// owns it until they leave, so neither its call nor its destruction needs a lock. What it is attached to cancels it in
/// the end, so that a subscription which is kept longer keeps nothing of the user's.
class attached_handler {
 public:
  virtual ~attached_handler() = default;
  attached_handler(const attached_handler&) = delete;
  attached_handler& operator=(const attached_handler&) = delete;

  void cancel() noexcept {
    std::unique_lock lock(mutex_);
    cancelled_ = true;
    left_.wait(lock, [&] { return !entered() || entered_here(); });
    if (entered_here()) return;  // leave() drops it
    enter();
    leave(lock);
  }

  bool cancelled() const noexcept {
    const std::lock_guard lock(mutex_);
    return cancelled_;
  }

 protected:
  attached_handler() = default;

  /// Destroys what the user gave us. Called once, without the lock, by the one who has entered.
  virtual void drop() noexcept = 0;

  // These are called with mutex_ held.
  bool entered() const noexcept { return owner_ != std::thread::id{}; }
  void enter() noexcept { owner_ = std::this_thread::get_id(); }
  void leave(std::unique_lock<std::mutex>& lock) noexcept {
    if (cancelled_ && !std::exchange(dropped_, true)) {
      lock.unlock();
      drop();
      lock.lock();
    }
    owner_ = {};
    left_.notify_all();
  }

  mutable std::mutex mutex_;
  bool cancelled_ = false;  // guarded by mutex_, never unset

 private:
  bool entered_here() const noexcept { return owner_ == std::this_thread::get_id(); }

  std::condition_variable left_;
  std::thread::id owner_;  // the thread that calls or drops the handler just now
  bool dropped_ = false;
};

}  // namespace detail

/// What every on… returns: the way to detach that handler again. Dropping it keeps the handler, and it may outlive
/// what the handler is attached to.
/// Threads: cancel() may be called from any thread, also while the handler runs.
class subscription {
 public:
  subscription() noexcept = default;
  explicit subscription(std::shared_ptr<detail::attached_handler> handler) noexcept : handler_(std::move(handler)) {}

  subscription(subscription&&) noexcept = default;
  subscription& operator=(subscription&&) noexcept = default;

  /// Detaches the handler: it is never called again, and what it captured is destroyed. A second time does nothing.
  /// Blocks: while a call is in progress. From within that call it does not wait; the captures go when it returns.
  /// Two handlers that cancel each other while both run wait for ever.
  void cancel() noexcept {
    // A copy, for this subscription may itself be among what the handler captured.
    if (const auto handler = handler_) handler->cancel();
  }

 private:
  std::shared_ptr<detail::attached_handler> handler_;
};

}}  // namespace workpool::v0
