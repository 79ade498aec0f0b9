#pragma once
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/supervise/restart_intensity.hpp>
#include <workpool/supervise/slot_machine.hpp>
#include <workpool/testing/simulated_worker.hpp>
#include <workpool/testing/stage.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// The workers of a simulation and their slots: who starts, is ready, goes deaf, dies, is restarted, stopped by hand.
/// Threads: one.
template <restart_policy Policy>
class simulated_crew {
 public:
  using worker = simulated_worker<Policy>;
  using make_policy = std::function<Policy(const simulation_options&, std::uint64_t seed)>;

  /// `lose(worker)`: the one that dies runs a task.
  simulated_crew(stage& where, const make_policy& make, std::function<void(worker&)> lose)
      : where_(where), lose_(std::move(lose)) {
    for (std::size_t n = 0; n < where_.options.workers; ++n) {
      all_.emplace_back(static_cast<worker_id>(n), make(where_.options, where_.fate.seed()));
    }
    where_.result.workers.resize(all_.size());
  }
  simulated_crew(const simulated_crew&) = delete;
  simulated_crew& operator=(const simulated_crew&) = delete;

  auto begin() noexcept { return all_.begin(); }
  auto end() noexcept { return all_.end(); }
  worker& operator[](std::size_t id) noexcept { return all_[id]; }

  void start_all() {
    for (worker& one : all_) start(one);
    where_.book_every([this] { return where_.options.health_every; }, [this] { check_health(); });
    where_.book_every([this] { return where_.options.operator_every; }, [this] { operate(); });
  }

  void kill(worker& me) {
    if (!me.alive || std::exchange(me.doomed, true)) return;
    where_.note(happening::is_killed, me.life());
    leave_soon(me, std::chrono::milliseconds(2), true);
  }

  /// Who was in the slot is gone.
  void leave(worker& me, std::uint32_t generation, bool failed) {
    if (!me.alive || generation != me.generation) return;
    where_.note(happening::dies, me.life());
    me.alive = false;
    if (me.running != nullptr) lose_(me);
    const detail::slot_state before = me.slot.state();
    const detail::slot_actions todo = me.slot.died(generation, {failed, now() - me.started_at}, now());
    if (before != detail::slot_state::stopping) judge(me, todo);
    act(me, todo);
    where_.book(where_.fate.around(std::chrono::seconds(1)), [this, &me, generation] { tell_again(me, generation); });
  }

 private:
  time_point now() const noexcept { return where_.now(); }

  void start(worker& me) {
    using enum detail::slot_state;
    if (me.slot.state() == stopped || me.slot.state() == failed) me.audit.forget();  // and so does its policy
    act(me, me.slot.start(now()));
  }

  void act(worker& me, const detail::slot_actions& todo) {
    if (todo.spawn) spawn(me);
    if (todo.ask_to_stop) {
      where_.note(happening::is_asked_to_stop, me.life());
      me.asked_to_stop_at = now();
      if (me.running == nullptr && !me.deaf) leave_soon(me, std::chrono::milliseconds(50), false);
    }
    if (todo.kill) kill(me);
    if (todo.tell_failed) {
      ++where_.result.given_up;
      where_.note(happening::is_given_up, me.life());
    }
    if (me.slot.deadline() != time_point::max()) {
      where_.book(me.slot.deadline() - now(), [this, &me] { come_due(me); });
    }
  }

  // Also what was booked for an earlier deadline.
  void come_due(worker& me) {
    const detail::slot_state before = me.slot.state();
    const detail::slot_actions todo = me.slot.due(now());
    const bool late = before == detail::slot_state::starting && now() - me.started_at >= limits_.ready_timeout;
    const bool stays = before == detail::slot_state::stopping && now() - me.asked_to_stop_at >= limits_.stop_timeout;
    if (todo.kill && !late && !stays) where_.broken(me.name() + " is killed without a cause");
    act(me, todo);
  }

  void spawn(worker& me) {
    if (me.alive) where_.broken(me.name() + " is started while somebody is there");
    me.alive = true;
    me.doomed = me.deaf = false;
    me.misses = 0;
    me.generation = me.slot.generation();
    me.started_at = now();
    ++where_.result.workers[me.id()].started;
    where_.note(happening::starts, me.life());
    const fault_plan& faults = where_.options.faults;
    if (where_.fate.fails(faults.fails_to_start)) return leave_soon(me, std::chrono::milliseconds(50), true);
    if (where_.fate.chance(faults.hangs_at_start)) {
      me.deaf = true;
      return;
    }
    where_.book(where_.fate.around(std::chrono::milliseconds(20)), [this, &me, generation = me.generation] {
      if (me.alive && !me.doomed && me.slot.ready(generation)) where_.note(happening::ready, me.life());
    });
  }

  void leave_soon(worker& me, duration mean, bool failed) {
    where_.book(where_.fate.around(mean),
                [this, &me, generation = me.generation, failed] { leave(me, generation, failed); });
  }

  void judge(worker& me, const detail::slot_actions& todo) {
    const bool later = me.slot.state() == detail::slot_state::backing_off;
    if (todo.spawn || later) ++where_.result.restarts;
    if constexpr (std::same_as<Policy, restart_intensity>) {
      const restart_kind answer = todo.spawn ? restart_kind::at_once : restart_kind::later;
      const duration delay = later ? me.slot.deadline() - now() : duration::zero();
      const std::string wrong =
          me.audit.judge(where_.options.restart, todo.spawn || later ? answer : restart_kind::none, delay, now());
      if (!wrong.empty()) where_.broken(me.name() + ' ' + wrong);
    }
  }

  // News of the dead that comes late, or twice.
  void tell_again(worker& me, std::uint32_t generation) {
    const bool still_last = me.slot.generation() == generation;
    if (still_last && (me.alive || !me.slot.occupied())) return;
    const detail::slot_state before = me.slot.state();
    const bool news = me.slot.ready(generation) || me.slot.missed(generation) != detail::slot_actions{} ||
                      me.slot.died(generation, {true, {}}, now()) != detail::slot_actions{};
    if (news || me.slot.state() != before) where_.broken(me.name() + " acts on news of an earlier generation");
  }

  void check_health() {
    const fault_plan& faults = where_.options.faults;
    for (worker& me : all_) {
      if (!me.is_ready() || me.running != nullptr) continue;
      if (where_.fate.chance(faults.dies_idle)) {
        leave(me, me.generation, true);
        continue;
      }
      if (where_.fate.chance(faults.goes_deaf)) me.deaf = true;
      if (!me.deaf) {
        me.misses = 0;
        me.slot.answered(me.generation);
        continue;
      }
      ++me.misses;
      const detail::slot_actions todo = me.slot.missed(me.generation);
      if (todo.kill && me.misses < limits_.strikes) where_.broken(me.name() + " is killed without a cause");
      act(me, todo);
    }
  }

  // Somebody stops a worker and starts it again, and starts what was given up.
  void operate() {
    for (worker& me : all_) {
      if (me.slot.state() == detail::slot_state::failed) start(me);
    }
    worker& me = all_[where_.fate.below(all_.size())];
    act(me, me.slot.stop(now()));
    where_.book(where_.fate.around(std::chrono::seconds(20)), [this, &me] { start(me); });
  }

  stage& where_;
  const std::function<void(worker&)> lose_;
  const detail::slot_options limits_{};
  std::deque<worker> all_;
};

}}}  // namespace workpool::v0::testing
