#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <workpool/core/subscription.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What the mailboxes of one event count together.
struct mailbox_counts {
  std::atomic<std::uint32_t> attached{0};  // handlers; +1 by who attaches one, -1 by the mailbox that drops it
  std::atomic<std::uint64_t> faults{0};    // exceptions that handlers threw; only grows
  std::atomic<std::uint64_t> dropped{0};   // events that found a mailbox full, or no memory; only grows
};

/// One handler of one event. Whoever finds it free calls it, and goes on with what others have left in its mailbox
/// meanwhile; so nobody waits for a handler, and a handler may cause the event it handles.
template <class Event>
class mailbox : public attached_handler {
 public:
  // Events; bounds the memory behind a handler that hangs. Large enough to ride out a handler that takes 0.1 s at half
  // a million events per second.
  static constexpr std::size_t capacity = 65536;

  void deliver(const Event& news) noexcept {
    std::unique_lock lock(mutex_);
    if (cancelled_) return;
    if (entered()) return keep(news);
    enter();
    lock.unlock();
    call(news);
    lock.lock();
    while (!cancelled_ && !waiting_.empty()) {
      std::list<Event> next;
      next.splice(next.begin(), waiting_, waiting_.begin());
      lock.unlock();
      call(next.front());
      next.clear();  // may run a destructor of the user: an event can hold an exception
      lock.lock();
    }
    leave(lock);
  }

 protected:
  explicit mailbox(std::shared_ptr<mailbox_counts> counts) noexcept : counts_(std::move(counts)) {}

  virtual void call_handler(const Event& news) = 0;
  virtual void drop_handler() noexcept = 0;

 private:
  void keep(const Event& news) noexcept {
    try {
      if (waiting_.size() < capacity) return waiting_.push_back(news);
    } catch (...) {  // no memory: dropped like what finds the mailbox full
    }
    counts_->dropped.fetch_add(1, std::memory_order_relaxed);
  }

  void call(const Event& news) noexcept {
    try {
      call_handler(news);
    } catch (...) {
      counts_->faults.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void drop() noexcept override {
    drop_handler();
    waiting_.clear();
    counts_->attached.fetch_sub(1, std::memory_order_relaxed);
  }

  const std::shared_ptr<mailbox_counts> counts_;
  std::list<Event> waiting_;  // empty unless entered; nobody adds to it once cancelled
};

template <class Event, class Handler>
class mailbox_of final : public mailbox<Event> {
 public:
  mailbox_of(std::shared_ptr<mailbox_counts> counts, Handler handler)
      : mailbox<Event>(std::move(counts)), handler_(std::move(handler)) {}

 private:
  void call_handler(const Event& news) override { static_cast<void>((*handler_)(news)); }
  void drop_handler() noexcept override { handler_.reset(); }

  std::optional<Handler> handler_;
};

}}}  // namespace workpool::v0::detail
