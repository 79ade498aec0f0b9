#pragma once
#include <cstddef>
#include <workpool/core/task.hpp>
#include <workpool/pool/task_ledger.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The moment in which a pool accepts a task: from here on the task is the pool's and in its books. Goes with a push as
/// its admission (see no_admission), and is spoken by hand where there is none.
/// Threads: the submitter's. With a slot: under a lock of the queue.
struct acceptance {
  task_owner& pool;
  task_ledger& ledger;
  task& one;

  void accept() const noexcept {
    one.accept_by(pool);
    if (ledger.intake().accept(one.lane())) one.take_time();
  }
  /// Not accepted after all.
  void retract() const noexcept {
    ledger.intake().retract(one.lane());
    disown();
  }
  void accept(std::size_t slot) const noexcept {
    one.accept_by(pool);
    if (ledger.intake().accept(one.lane(), slot)) one.take_time();
  }
  void retract(std::size_t slot) const noexcept {
    ledger.intake().retract(one.lane(), slot);
    disown();
  }

 private:
  void disown() const noexcept {
    one.disown();
    ledger.notify();
  }
};

}}}  // namespace workpool::v0::detail
