#pragma once
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <workpool/core/attempt_ref.hpp>
#include <workpool/core/errc.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/pool/acceptance.hpp>
#include <workpool/pool/expiry.hpp>
#include <workpool/pool/late_tasks.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/pool/timekeeper.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The tasks that a pool has accepted and that are not in its queue: those whose time has not come, also that of a
/// further attempt, and late().
///
///     admit, put_back ─► clock ─► its time has come ─► late() ─► a worker takes it
///                          └─ withdrawn: over
///
/// Threads: any. A Crew is what is told of work: notify_one(), and wake_all() when the pool is closed and nothing more
/// will come. `closed` says whether a shutdown has begun.
template <class Crew>
class delayed_tasks {
 public:
  delayed_tasks(task_owner& pool, task_ledger& ledger, timekeeper& clock, Crew& crew, const std::atomic<bool>& closed)
      : pool_(pool), ledger_(ledger), clock_(clock), crew_(crew), closed_(closed), late_(ledger.intake()) {}
  delayed_tasks(const delayed_tasks&) = delete;
  delayed_tasks& operator=(const delayed_tasks&) = delete;

  late_tasks& late() noexcept { return late_; }
  const late_tasks& late() const noexcept { return late_; }

  /// Accepts a task that is to be run from `when` on. Gives: errc(), or pool_stopped.
  /// Throws: std::bad_alloc, spawn_failed.
  errc admit(task_ref& one, time_point when) {
    task& here = *one.get();
    here.details().outside_queue = true;
    here.details().delayed.store(true, std::memory_order_relaxed);
    auto booked = clock_.book(when, std::make_unique<delayed_entry>(*this, attempt_ref(one.release(), 0)));
    const acceptance mine{pool_, ledger_, here};
    mine.accept();
    delayed_.fetch_add(1, std::memory_order_seq_cst);  // either a shutdown sees this task or we see the shutdown
    if (closed_.load(std::memory_order_seq_cst)) {
      here.end_delay();
      mine.retract();
      one_less();
      ledger_.intake().reject();
      return errc::pool_stopped;
    }
    ledger_.intake().begin_delay(here.lane());  // not before it is certain: a reader could miss half of a retreat
    here.add_reference();
    clock_.enter(std::move(booked));
    // Either whoever discards finds it among the booked or we see that everything is discarded.
    if (discards_.load(std::memory_order_seq_cst)) here.withdraw(outcome::discarded);
    here.drop_reference();
    return errc();
  }

  /// An attempt of `one`, which the calling thread runs, has ended so; there is to be another one from `when` on.
  /// Gives: false when it was asked to stop, or there is no memory for it, and then nothing has changed.
  bool put_back(task& one, outcome how, time_point when) noexcept {
    timekeeper::booking next, end;
    try {
      one.add_reference();
      attempt_ref mine(&one, one.attempt());
      next = clock_.book(when, std::make_unique<delayed_entry>(*this, std::move(mine)));
      if (one.expires_at() != time_point::max()) {
        end = clock_.book(one.expires_at(), std::make_unique<expiry>(one));
      }
    } catch (const std::exception&) {
      return false;
    }
    one.details().outside_queue = true;
    one.details().delayed.store(true, std::memory_order_relaxed);
    expect();
    timekeeper::calendar moot;
    bool waits = false, is_late = false, too_late = false;
    {
      const std::lock_guard hold(putting_back_);
      waits = ledger_.intake().attempts().put_back_if(one.lane(), [&] {
        if (!one.put_back(how)) return false;
        ledger_.intake().begin_delay(one.lane());
        return true;
      });
      too_late = discards_.load(std::memory_order_seq_cst);
      const bool at_once = when <= steady::now();
      if (waits && !too_late && at_once) is_late = static_cast<delayed_entry&>(*next.mapped()).enter_late();
      if (waits && !too_late && !at_once) moot = clock_.enter_and_sweep(std::move(next));
    }
    if (!waits) {
      one.end_delay();
      one_less();
      return false;
    }
    if (too_late) {
      one.withdraw(outcome::discarded, one.state().attempts());
      return true;
    }
    if (is_late) static_cast<delayed_entry&>(*next.mapped()).come_due(one);  // else it was withdrawn meanwhile
    if (end) clock_.enter(std::move(end));
    return true;
  }

  /// A task may have to be put back.
  void expect() noexcept { delayed_.fetch_add(1, std::memory_order_seq_cst); }

  /// Whether a task waits for its time or may have to, and so will still come.
  bool any() const noexcept { return delayed_.load(std::memory_order_seq_cst) != 0; }

  /// The delay of one of them has ended, whichever way, or it will not be put back any more.
  void one_less() noexcept {
    if (delayed_.fetch_sub(1, std::memory_order_seq_cst) == 1 && closed_.load(std::memory_order_seq_cst)) {
      crew_.wake_all();
    }
  }

  /// From now on what is just being admitted is discarded as well: to be called before withdraw() is.
  void discard() noexcept { discards_.store(true, std::memory_order_seq_cst); }

  /// Withdraws every task of a lane that is not in the queue, delayed or late. Gives: how many.
  std::size_t withdraw(priority lane, outcome result) noexcept {
    { const std::lock_guard hold(putting_back_); }  // whoever is seen to be delayed can be found
    std::size_t count = 0;
    const auto in_lane = [lane](const appointment& one) {
      return one.waits_outside() != nullptr && one.waits_outside()->lane() == lane;
    };
    if (any()) {
      for (const auto& [when, what] : clock_.cancel(in_lane)) {
        if (what->waits_outside()->withdraw(result)) ++count;
      }
    }
    // Not before: a task goes from the clock to the late ones.
    if (late_.any(std::memory_order_seq_cst)) {
      for (attempt_ref& one : late_.take_all(lane)) {
        if (one.withdraw(result)) ++count;
      }
    }
    return count;
  }

 private:
  class delayed_entry final : public appointment {
   public:
    delayed_entry(delayed_tasks& all, attempt_ref one) : all_(all), whole_(&one.get()->whole()) {
      one_.push_back(std::move(one));
      whole_->add_reference();
    }
    delayed_entry(const delayed_entry&) = delete;
    delayed_entry& operator=(const delayed_entry&) = delete;
    ~delayed_entry() override { whole_->drop_reference(); }
    void keep() noexcept override {
      task& here = *one_.front().get();
      here.add_reference();  // somebody else may run and end it as soon as it is late
      if (enter_late()) come_due(here);
      here.drop_reference();
    }
    bool enter_late() noexcept { return all_.late_.enter(one_); }
    /// `one` has become late: workers are told, and who waits for it inside the pool.
    void come_due(task& one) noexcept {
      all_.one_less();
      // As in admit(): who discards has looked at the late ones before, or we see it.
      if (all_.discards_.load(std::memory_order_seq_cst)) {
        one.withdraw(outcome::discarded, one.state().attempts());
        return;
      }
      all_.crew_.notify_one();
      if (one.plan() == nullptr) return;
      one.come_due();
      if (whole_ != &one) whole_->come_due();
    }
    bool moot() const noexcept override { return !one_.front().waiting(); }
    task* waits_outside() const noexcept override { return one_.front().get(); }

   private:
    delayed_tasks& all_;
    task* const whole_;  // with a reference
    late_tasks::entry one_;
  };

  task_owner& pool_;
  task_ledger& ledger_;
  timekeeper& clock_;
  Crew& crew_;
  const std::atomic<bool>& closed_;
  late_tasks late_;
  std::mutex putting_back_;              // held from a task's waiting again until it can be found
  std::atomic<std::size_t> delayed_{0};  // accepted tasks whose time has not come, and those that may be put back
  std::atomic<bool> discards_{false};    // what waits is discarded
};

}}}  // namespace workpool::v0::detail
