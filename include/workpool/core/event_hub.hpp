#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <workpool/core/event.hpp>
#include <workpool/core/mailbox.hpp>
#include <workpool/core/subscription.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The handlers of one event. Copied on writing, so that an emitter holds the lock only to take a reference.
template <class Event>
class mailbox_list {
 public:
  using boxes = std::vector<std::shared_ptr<mailbox<Event>>>;

  mailbox_list() = default;
  ~mailbox_list() {
    if (!current_) return;
    for (const auto& box : *current_) box->cancel();
  }
  mailbox_list(const mailbox_list&) = delete;
  mailbox_list& operator=(const mailbox_list&) = delete;

  void add(std::shared_ptr<mailbox<Event>> box) {
    std::shared_ptr<const boxes> old;  // outlives the lock: the last owner of a mailbox runs destructors of the user
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<boxes>();
    if (current_) {
      next->reserve(current_->size() + 1);
      std::copy_if(current_->begin(), current_->end(), std::back_inserter(*next),
                   [](const auto& attached) { return !attached->cancelled(); });
    }
    next->push_back(std::move(box));
    old = std::exchange(current_, std::move(next));
  }

  std::shared_ptr<const boxes> snapshot() const noexcept {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const boxes> current_;  // none until the first add(); cancelled ones leave with the next add()
};

template <class Events>
struct mailbox_lists;
template <class... Events>
struct mailbox_lists<std::tuple<Events...>> : std::tuple<mailbox_list<Events>...> {};

/// Where a pool's events meet their handlers.
/// Threads: any. A handler runs on a thread that emits, without a lock, one call at a time; nobody waits for it.
/// Order: per handler, that in which the events reached its mailbox.
/// Throws: emit never; what a handler throws is counted in faults(), an event that could not be kept in dropped().
/// Cost: an event nobody wants costs the load in wanted().
class event_hub {
 public:
  template <pool_event Event, std::invocable<const Event&> Handler>
  subscription on(Handler handler) {
    static_assert(std::is_nothrow_destructible_v<Handler>, "a handler's destructor must not throw");
    const std::shared_ptr<mailbox_counts> counts(counts_, &(*counts_)[event_index<Event>]);
    const auto box = std::make_shared<mailbox_of<Event, Handler>>(counts, std::move(handler));
    list_of<Event>().add(box);
    counts->attached.fetch_add(1, std::memory_order_relaxed);
    return subscription(box);
  }

  template <pool_event Event>
  void emit(const Event& news) noexcept {
    if (!wanted<Event>()) return;
    const auto boxes = list_of<Event>().snapshot();  // on() adds before it counts, so there is one
    for (const auto& box : *boxes) box->deliver(news);
  }

  /// Whether anybody handles Event: what a hot path asks before it makes one.
  template <pool_event Event>
  bool wanted() const noexcept {
    return (*counts_)[event_index<Event>].attached.load(std::memory_order_relaxed) != 0;
  }

  std::uint64_t faults() const noexcept { return sum(&mailbox_counts::faults); }
  std::uint64_t dropped() const noexcept { return sum(&mailbox_counts::dropped); }

 private:
  template <class Event>
  mailbox_list<Event>& list_of() noexcept {
    return std::get<mailbox_list<Event>>(lists_);
  }

  std::uint64_t sum(std::atomic<std::uint64_t> mailbox_counts::*figure) const noexcept {
    std::uint64_t total = 0;
    for (const auto& counts : *counts_) total += (counts.*figure).load(std::memory_order_relaxed);
    return total;
  }

  using all_counts = std::array<mailbox_counts, event_count>;
  const std::shared_ptr<all_counts> counts_ = std::make_shared<all_counts>();  // handlers may outlive the hub
  mailbox_lists<all_events> lists_;
};

}}}  // namespace workpool::v0::detail
