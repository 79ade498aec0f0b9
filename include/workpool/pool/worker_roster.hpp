#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>
#include <workpool/core/worker_info.hpp>
#include <workpool/worker/process_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Which workers of a pool could be sent a task: those that are idle, and those that are busy with tasks so short that
/// they have room for more. Who takes one of them holds it: nobody else finds it here.
/// Threads: one at a time; idle() and with_room() any.
template <class Worker>
class worker_roster {
 public:
  worker_roster() = default;
  worker_roster(const worker_roster&) = delete;
  worker_roster& operator=(const worker_roster&) = delete;

  /// How many there are.
  std::size_t idle() const noexcept { return idle_count_.load(std::memory_order_seq_cst); }
  std::size_t with_room() const noexcept { return room_count_.load(std::memory_order_seq_cst); }
  bool is_idle(const Worker& one) const noexcept { return std::find(idle_.begin(), idle_.end(), &one) != idle_.end(); }

  void add_idle(Worker& one) {
    idle_.push_back(&one);
    idle_count_.fetch_add(1, std::memory_order_seq_cst);
  }
  /// It has room, or not: nothing happens where that is known.
  void set_room(Worker& one, bool has) {
    if (one.has_room == has) return;
    if (!has) return drop_room(one);
    roomy_.push_back(&one);
    one.has_room = true;
    room_count_.fetch_add(1, std::memory_order_seq_cst);
  }
  /// Nobody finds it any more.
  void remove(Worker& one) noexcept {
    drop_room(one);
    const auto at = std::find(idle_.begin(), idle_.end(), &one);
    if (at == idle_.end()) return;
    idle_.erase(at);
    idle_count_.fetch_sub(1, std::memory_order_seq_cst);
  }

  /// Gives: the one that was idle for the shortest time, whose memory is warm; nullptr: none is.
  Worker* take_idle() noexcept { return idle_.empty() ? nullptr : hold_idle(*idle_.back()); }
  /// The one of this number, if that is idle.
  Worker* take_idle(worker_id id) noexcept {
    const auto found = std::find_if(idle_.begin(), idle_.end(), [id](const Worker* one) { return one->id == id; });
    return found == idle_.end() ? nullptr : hold_idle(**found);
  }
  /// The one with room that has the least to do.
  Worker* take_with_room() noexcept {
    const auto least = std::min_element(roomy_.begin(), roomy_.end(), [](const Worker* one, const Worker* other) {
      return one->sent.wanted() < other->sent.wanted();
    });
    return least == roomy_.end() ? nullptr : hold(**least);
  }
  /// This one, which is in no list any more.
  Worker* hold(Worker& one) noexcept {
    remove(one);
    one.held = true;
    one.coming = {.turn = one.turn};
    return &one;
  }

 private:
  Worker* hold_idle(Worker& one) noexcept {
    one.stage = process_stage::taken;
    return hold(one);
  }
  void drop_room(Worker& one) noexcept {
    if (!std::exchange(one.has_room, false)) return;
    roomy_.erase(std::find(roomy_.begin(), roomy_.end(), &one));
    room_count_.fetch_sub(1, std::memory_order_seq_cst);
  }

  std::vector<Worker*> idle_;   // who has been idle for the shortest time is last
  std::vector<Worker*> roomy_;  // has_room says so
  std::atomic<std::size_t> idle_count_{0}, room_count_{0};
};

}}}  // namespace workpool::v0::detail
