#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/detail/posix/thread_name.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Something to be done at its time.
class appointment {
 public:
  virtual ~appointment() = default;
  /// Its time has come. Called without a lock.
  virtual void keep() noexcept = 0;
  /// It has become pointless and may be dropped before its time.
  virtual bool moot() const noexcept = 0;
  /// The task that waits for this appointment outside the queue, or nullptr.
  virtual task* waits_outside() const noexcept { return nullptr; }
};

/// What an owner of a timekeeper looks after besides its appointments: deadlines that change too often for a list.
class deadline_watch {
 public:
  /// Handles what is late. Gives: when the next one is due.
  virtual time_point look(time_point now) noexcept = 0;
  /// Whether nothing will ever be due again: a dismissed timekeeper may go.
  virtual bool over() const noexcept = 0;

 protected:
  ~deadline_watch() = default;
};

/// Does what a pool has to do at certain times, on one thread that exists from the first use on and sleeps in between.
///
/// Threads: any. Cost: a pool that never asks has no such thread; an appointment costs one lock and one node of a tree,
/// a deadline that lies behind the next wake-up costs one load. Order: by time, then as booked. Memory: appointments
/// that have become moot are swept out when they outnumber the others.
class timekeeper {
 public:
  using calendar = std::multimap<time_point, std::unique_ptr<appointment>>;
  using booking = calendar::node_type;

  timekeeper(task_owner& owner, deadline_watch& watch, std::string name)
      : owner_(owner), watch_(watch), name_(std::move(name)) {}
  timekeeper(const timekeeper&) = delete;
  timekeeper& operator=(const timekeeper&) = delete;

  /// Makes sure that the thread is there. Throws: spawn_failed.
  void begin() {
    if (begun_.load(std::memory_order_acquire)) return;
    const std::lock_guard hold(mutex_);
    if (begun_.load(std::memory_order_relaxed)) return;
    owner_.retain();
    try {
      const signals_blocked quiet;
      thread_ = std::thread([this] { work(); });
    } catch (const std::system_error& reason) {
      owner_.release();  // never the last one: somebody is calling us
      raise(errc::spawn_failed, "the timer thread of " + name_ + " could not be started: " + reason.code().message());
    } catch (...) {
      owner_.release();
      throw;
    }
    begun_.store(true, std::memory_order_release);
  }

  /// Prepares everything that can fail. Throws: std::bad_alloc, spawn_failed.
  booking book(time_point when, std::unique_ptr<appointment> what) {
    begin();
    calendar page;
    page.emplace(when, std::move(what));
    return page.extract(page.begin());
  }

  void enter(booking&& prepared) noexcept { static_cast<void>(enter_and_sweep(std::move(prepared))); }
  /// Gives: what has become moot, for the caller to destroy where code of the user may run.
  [[nodiscard]] calendar enter_and_sweep(booking&& prepared) noexcept {
    const time_point when = prepared.key();
    calendar dropped;
    {
      const std::lock_guard hold(mutex_);
      calendar_.insert(std::move(prepared));
      if (calendar_.size() > worth_a_sweep + 2 * kept_) {
        dropped = extract_if([](const appointment& one) { return one.moot(); });
        kept_ = calendar_.size();
      }
    }
    look_at(when);
    return dropped;
  }

  /// Makes sure that the watch is asked at `when` at the latest.
  void look_at(time_point when) noexcept {
    if (when >= wakes_at_.load(std::memory_order_seq_cst)) return;
    time_point known = requested_.load(std::memory_order_relaxed);
    while (when < known && !requested_.compare_exchange_weak(known, when, std::memory_order_seq_cst)) {
    }
    bell_.notify_all();
  }

  /// Cancels every appointment for which `which(appointment)` is true. Gives: them.
  template <class Which>
  calendar cancel(Which which) noexcept {
    const std::lock_guard hold(mutex_);
    return extract_if(which);
  }

  /// Ends the thread; what was booked is dropped. Blocks: until the appointment in progress is over.
  void end() noexcept {
    stopping_.store(true, std::memory_order_seq_cst);
    bell_.notify_all();
    if (thread_.joinable()) thread_.join();
    calendar dropped;
    const std::lock_guard hold(mutex_);
    dropped.swap(calendar_);
  }

  /// Nobody will end it: it goes by itself when its watch says that all is over.
  void dismiss() noexcept {
    dismissed_.store(true, std::memory_order_seq_cst);
    bell_.notify_all();
    if (thread_.joinable()) thread_.detach();
  }

 private:
  void work() noexcept {
    name_this_thread(name_ + "-timer");
    working_for = &owner_;
    while (!stopping_.load(std::memory_order_seq_cst)) {
      requested_.store(time_point::max(), std::memory_order_seq_cst);
      wakes_at_.store(time_point::max(), std::memory_order_seq_cst);  // whoever sets a deadline from here on asks
      const time_point now = steady::now();
      keep_appointments(now);
      time_point next = std::min(watch_.look(now), next_appointment());
      const bool alone = dismissed_.load(std::memory_order_seq_cst);
      if (alone) {
        if (watch_.over()) break;
        next = std::min(next, now + std::chrono::milliseconds(50));
      }
      wakes_at_.store(next, std::memory_order_seq_cst);
      bell_.await([&] { return requested_.load(std::memory_order_seq_cst) < next || told(alone); }, next);
    }
    working_for = nullptr;
    owner_.release();
  }

  // `alone`: it knew that it was dismissed when it went to sleep; else it has to look now and then from here on.
  bool told(bool alone) const noexcept {
    if (stopping_.load(std::memory_order_seq_cst)) return true;
    return dismissed_.load(std::memory_order_seq_cst) && (!alone || watch_.over());
  }

  void keep_appointments(time_point now) noexcept {
    for (;;) {
      booking due;
      {
        const std::lock_guard hold(mutex_);
        if (calendar_.empty() || calendar_.begin()->first > now) return;
        due = calendar_.extract(calendar_.begin());
      }
      due.mapped()->keep();
    }
  }

  time_point next_appointment() noexcept {
    const std::lock_guard hold(mutex_);
    return calendar_.empty() ? time_point::max() : calendar_.begin()->first;
  }

  // Needs no memory. The caller holds the mutex.
  template <class Which>
  calendar extract_if(Which which) noexcept {
    calendar found;
    for (auto entry = calendar_.begin(); entry != calendar_.end();) {
      const auto here = entry++;
      if (which(std::as_const(*here->second))) found.insert(found.end(), calendar_.extract(here));
    }
    return found;
  }

  static constexpr std::size_t worth_a_sweep = 256;  // entries

  task_owner& owner_;
  deadline_watch& watch_;
  const std::string name_;
  std::mutex mutex_;
  calendar calendar_;     // guarded by mutex_
  std::size_t kept_ = 0;  // guarded by mutex_; the size after the last sweep
  std::thread thread_;
  eventcount bell_;
  std::atomic<time_point> wakes_at_{time_point::max()};   // written by the thread; before it sleeps
  std::atomic<time_point> requested_{time_point::max()};  // the earliest of what was asked for since it last looked
  std::atomic<bool> begun_{false}, stopping_{false}, dismissed_{false};
};

}}}  // namespace workpool::v0::detail
