#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// Which workers a pool wants: a pure machine. Threads only carry out what it says.
///
/// Slots 0 … max-1 are regular: at least min of them are wanted, up to max on demand. Slots from max upwards are
/// spares: one for every slot that is held up (its task overruns, or waits for another task), at most `spares`, and on
/// demand too. A spare goes when nothing is left to stand in for.
/// Threads: one at a time. Throws: std::bad_alloc, and then nothing has changed. Cost: a look at every slot.
class crew_plan {
 public:
  crew_plan(std::size_t min, std::size_t max, std::size_t spares) : min_(min), max_(max), spares_(spares) {
    resize(min, max);
  }

  std::size_t slots() const noexcept { return slots_.size(); }
  bool wanted(std::size_t id) const noexcept { return slots_[id].wanted; }
  std::size_t min() const noexcept { return min_; }
  std::size_t max() const noexcept { return max_; }

  /// Whether a demand would change anything.
  bool could_grow() const noexcept { return regulars() < max_ || spares_wanted() < spares_due(); }
  /// Whether a worker that idles may be let go.
  bool could_shrink() const noexcept { return regulars() > min_; }

  /// Whether a wanted worker is not held up.
  bool anyone_free() const noexcept {
    return std::any_of(slots_.begin(), slots_.end(), [](const slot& one) { return one.wanted && one.stalls <= 0; });
  }

  /// There is work, and nobody free for it.
  void demand() {
    if (regulars() < max_) {
      add_first(0);
    } else if (spares_wanted() < spares_due()) {
      add_first(max_);
    }
  }

  /// This worker found nothing to do for long.
  void idle(std::size_t id) noexcept {
    if (id < max_ && slots_[id].wanted && could_shrink()) slots_[id].wanted = false;
  }

  /// This worker has left because the pool ends.
  void leave(std::size_t id) noexcept { slots_[id].wanted = false; }

  /// This worker is held up, or no longer; the two may arrive in any order.
  void stall(std::size_t id) noexcept { ++slots_[id].stalls; }
  void recover(std::size_t id) noexcept {
    --slots_[id].stalls;
    dismiss_spares();
  }

  void resize(std::size_t min, std::size_t max) { resize(min, max, spares_); }
  void resize(std::size_t min, std::size_t max, std::size_t spares) {
    slots_.reserve(max + spares);
    slots_.resize(std::max(slots_.size(), max));
    min_ = min;
    max_ = max;
    spares_ = spares;
    while (regulars() < min_) add_first(0);
    dismiss_spares();
  }

 private:
  struct slot {
    bool wanted = false;
    int stalls = 0;  // below 0 for the moment in which a recovery overtakes its stall
  };

  std::size_t regulars() const noexcept { return count(0, max_); }
  std::size_t spares_wanted() const noexcept { return count(max_, slots_.size()); }
  std::size_t spares_due() const noexcept {
    const auto held_up = std::count_if(slots_.begin(), slots_.end(), [](const slot& one) { return one.stalls > 0; });
    return std::min(static_cast<std::size_t>(held_up), spares_);
  }
  std::size_t count(std::size_t from, std::size_t to) const noexcept {
    const auto at = [this](std::size_t id) { return slots_.begin() + static_cast<std::ptrdiff_t>(id); };
    return static_cast<std::size_t>(std::count_if(at(from), at(to), [](const slot& one) { return one.wanted; }));
  }

  void add_first(std::size_t from) {
    std::size_t id = from;
    while (id < slots_.size() && slots_[id].wanted) ++id;
    if (id == slots_.size()) slots_.emplace_back();
    slots_[id].wanted = true;
  }

  // One that is held up itself stays: it is what its fellow would have to stand in for.
  void dismiss_spares() noexcept {
    for (std::size_t id = slots_.size(); id > max_ && spares_wanted() > spares_due(); --id) {
      if (slots_[id - 1].stalls <= 0) slots_[id - 1].wanted = false;
    }
  }

  std::size_t min_, max_, spares_;
  std::vector<slot> slots_;
};

}}}  // namespace workpool::v0::detail
