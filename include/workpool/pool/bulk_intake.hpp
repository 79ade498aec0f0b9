#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/errc.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/pool/intake.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/refusal.hpp>
#include <workpool/pool/reserved_places.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/pool/task_runner.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a bulk comes into a pool: part by part, through the intake. The workers are told once, at the end.
/// Threads: any. Blocks: as intake::admit(), for every part. A Crew is told of work: notify_many(count).
template <task_queue Queue, class Crew, class Ledger = task_runner>
class bulk_intake {
 public:
  bulk_intake(task_owner& pool, const pool_options& options, Queue& queue, Ledger& ledger,
              intake<Queue, Crew, Ledger>& parts, Crew& crew) noexcept
      : pool_(pool), options_(options), queue_(queue), ledger_(ledger), parts_(parts), crew_(crew) {}
  bulk_intake(const bulk_intake&) = delete;
  bulk_intake& operator=(const bulk_intake&) = delete;

  /// Accepts the parts of a bulk: all or nothing under on_full::reject, otherwise one after another as there is room.
  /// Throws: what a submit throws, when not one part was accepted; the bulk tells of a later refusal.
  void admit(bulk_task& all, const task_options& options) {
    const struct last_step {
      bulk_task& all;
      ~last_step() { all.submitted(); }
    } at_the_end{all};
    all.accept_by(pool_);
    all.start();
    std::size_t next = 0;
    try {
      reserved_places<Queue> places(queue_);
      reserve(places, all);
      if (options.breaker != nullptr) ask_for_all(all, options);
      for (; next < all.size(); ++next) {
        if (options.breaker == nullptr) describe(all[next], options);
        all[next].add_reference();
        task_ref one(&all[next]);
        further_calls further(ledger_, all[next]);
        const errc refused = parts_.admit(one, submit_kind::may_block, &places);
        if (refused != errc()) {
          ledger_.intake().reject(all.calls_from(next) - 1);
          refuse(refused, options_);
        }
        further.keep();
        all.accepted(next);
      }
    } catch (...) {
      all.break_off(next, next == 0 ? nullptr : std::current_exception());
      if (next == 0) throw;
    }
    crew_.notify_many(static_cast<std::uint32_t>(std::min(next, most_workers)));
  }

 private:
  // The calls of a part beyond its first, which the intake counts: in the books before anybody can take the part.
  class further_calls {
   public:
    further_calls(Ledger& ledger, const bulk_part& one) noexcept
        : ledger_(ledger), lane_(one.lane()), count_(one.calls() - 1) {
      if (count_ != 0) ledger_.intake().accept_more(lane_, count_);
    }
    further_calls(const further_calls&) = delete;
    further_calls& operator=(const further_calls&) = delete;
    ~further_calls() {
      if (count_ == 0) return;
      ledger_.intake().accept_more(lane_, -count_);
      ledger_.notify();
    }
    void keep() noexcept { count_ = 0; }

   private:
    Ledger& ledger_;
    const priority lane_;
    std::uint64_t count_;
  };

  // Reserves places for all parts, or for none where they may enter one after another.
  // Throws: queue_full where there is room for some at most, and that is not enough; pool_stopped.
  void reserve(reserved_places<Queue>& places, const bulk_task& all) {
    const std::size_t count = all.size();
    push_status room = push_status::full;
    const std::size_t capacity = options_.queue.capacity;
    if constexpr (reserving_task_queue<Queue>) {
      room = places.reserve(count);
      if (room == push_status::accepted) return;
    } else if (capacity == 0 || count <= capacity - std::min(capacity, queue_.size())) {
      return;
    }
    if (room == push_status::full && options_.queue.on_full != on_full::reject) return;
    ledger_.intake().reject(all.calls_from(0));
    refuse(room == push_status::full ? errc::queue_full : errc::pool_stopped, options_);
  }

  static void describe(bulk_part& one, const task_options& options) {
    one.describe_as(next_task_numbers(one.calls()), options.priority);
    detail::apply(options, one);
  }

  // Leave of the breaker for all parts, or for none: what was given already is handed back with the bulk.
  void ask_for_all(bulk_task& all, const task_options& options) {
    for (std::size_t next = 0; next < all.size(); ++next) {
      describe(all[next], options);
      if (all[next].may_enter()) continue;
      ledger_.intake().reject(all.calls_from(0));
      refuse(errc::circuit_open, options_);
    }
  }

  task_owner& pool_;
  const pool_options& options_;
  Queue& queue_;
  Ledger& ledger_;
  intake<Queue, Crew, Ledger>& parts_;
  Crew& crew_;
};

}}}  // namespace workpool::v0::detail
