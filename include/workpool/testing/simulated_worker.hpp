#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/supervise/restart_policy.hpp>
#include <workpool/supervise/slot_machine.hpp>
#include <workpool/testing/event_log.hpp>
#include <workpool/testing/restart_audit.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// A worker without a thread or a process: a slot as a pool has it, and what a simulation knows of who is in it.
/// Threads: one.
template <restart_policy Policy>
class simulated_worker {
 public:
  simulated_worker(worker_id id, Policy policy) : slot(std::move(policy)), id_(id) {}

  // What a dispatcher asks.
  worker_id id() const noexcept { return id_; }
  worker_state state() const noexcept {
    switch (slot.state()) {
      case detail::slot_state::starting:
        return worker_state::starting;
      case detail::slot_state::ready:
        return running != nullptr ? worker_state::busy : worker_state::idle;
      case detail::slot_state::stopping:
        return worker_state::stopping;
      default:
        return worker_state::dead;
    }
  }
  bool is_wanted() const noexcept {
    using enum detail::slot_state;
    return slot.state() == starting || slot.state() == ready || slot.state() == backing_off;
  }
  bool is_ready() const noexcept { return slot.state() == detail::slot_state::ready && alive && !doomed; }
  bool is_working() const noexcept { return running != nullptr; }
  bool rests() const noexcept { return running == nullptr; }

  worker_life life() const noexcept { return {id_, generation}; }
  std::string name() const { return describe(life()); }

  detail::slot_machine<Policy> slot;
  detail::task* running = nullptr;
  bool alive = false;            // somebody is in the slot
  bool doomed = false;           // and has been killed
  bool deaf = false;             // and answers nothing
  unsigned misses = 0;           // health checks in a row
  std::uint32_t generation = 0;  // of who is in the slot
  time_point started_at{};
  time_point asked_to_stop_at{};
  restart_audit audit{};

 private:
  const worker_id id_;
};

}}}  // namespace workpool::v0::testing
