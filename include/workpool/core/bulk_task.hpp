#pragma once
#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <workpool/core/result_task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What submit_bulk runs: f(i), or f(stop_token, i).
template <class F>
concept bulk_callable = std::invocable<F&, std::size_t> || std::invocable<F&, std::stop_token, std::size_t>;

class bulk_part;

/// What lies at the beginning of a bulk's allocation: how many of the objects behind it are still there. A part that
/// was cancelled may lie in its queue long after the bulk is gone, which in turn may keep the pool alive.
class bulk_memory {
 public:
  explicit bulk_memory(std::align_val_t alignment) noexcept : alignment_(alignment) {}
  void add_user() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) ::operator delete(this, alignment_);
  }

 private:
  std::atomic<std::size_t> users_{1};
  const std::align_val_t alignment_;
};

/// Many calls of one callable behind one future: the task of the future and, after it in the same allocation, the
/// parts, each of them a task of its own for queue and workers. A part is one call, or some that follow each other.
///
/// It is settled when every part has its outcome and every body has returned. The first error, in time, becomes its
/// own and cancels the parts that have not started; so does the first part that never started, but cancels nothing.
/// The task itself is never queued: it runs from the beginning.
class bulk_task : public result_task<void> {
 public:
  /// How many parts there are. The calls are shared out evenly: the first ones have at most one more.
  std::size_t size() const noexcept { return size_; }
  /// How many calls the parts from this one on are.
  std::uint64_t calls_from(std::size_t part) const noexcept { return all_calls_ - first_call(part); }
  bulk_part& operator[](std::size_t index) noexcept;

  /// dequeued: no part will ever run.
  cancel_result cancel() noexcept override;
  bool may_start() const noexcept override;
  /// Runs the parts that nobody has started.
  void help() override;

  // What the submitter tells, one part after another, and last submitted().
  /// The part has been accepted.
  void accepted(std::size_t index) noexcept;
  /// The parts from `first` on were not accepted and never will be. `reason` becomes its error, if there is one.
  void break_off(std::size_t first, std::exception_ptr reason) noexcept {
    if (reason) keep_first(outcome::failed, std::move(reason), rest::is_cancelled);
    step(2 * (size_ - first));
  }
  void submitted() noexcept { step(); }

  void invoke() override {}

 protected:
  bulk_task(std::size_t calls, std::size_t parts) noexcept
      : all_calls_(calls), size_(parts), steps_left_(2 * parts + 1) {}
  ~bulk_task() override = default;

  /// Constructs the parts at `place`.
  void construct_parts(void* place, bulk_memory& memory);

 private:
  friend bulk_part;
  virtual void call(std::size_t index, task& part) = 0;
  virtual remote_body* elsewhere_of_parts() noexcept { return nullptr; }

  std::size_t first_call(std::size_t part) const noexcept {
    return size_ == 0 ? 0 : part * (all_calls_ / size_) + std::min(part, all_calls_ % size_);
  }

  // Every part takes two steps: its body is gone, and its outcome is known; one is the submitter's. With the last one
  // the parts may go, too.
  void step(std::size_t count = 1) noexcept {
    if (count != 0 && steps_left_.fetch_sub(count, std::memory_order_acq_rel) == count) conclude();
  }

  // Keeps the parts in place for somebody who walks over them.
  class visit {
   public:
    explicit visit(bulk_task& all) noexcept : all_(all) {
      std::size_t left = all.steps_left_.load(std::memory_order_relaxed);
      while (left != 0 && !inside_) {
        inside_ = all.steps_left_.compare_exchange_weak(left, left + 1, std::memory_order_acq_rel);
      }
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() {
      if (inside_) all_.step();
    }
    explicit operator bool() const noexcept { return inside_; }

   private:
    bulk_task& all_;
    bool inside_ = false;
  };

  void ended(bulk_part& one, workpool::outcome result) noexcept;
  enum class rest : bool { goes_on, is_cancelled };
  void keep_first(workpool::outcome result, std::exception_ptr error, rest then) noexcept;
  void conclude() noexcept;

  const std::size_t all_calls_, size_;
  bulk_part* parts_ = nullptr;
  std::atomic<std::size_t> steps_left_;
  std::atomic<std::size_t> accepted_{0};  // parts, from the first on
  std::atomic<bool> cancelled_{false};    // some part was
  std::atomic<bool> kept_{false};         // somebody has kept the first error, or is about to
  std::atomic<bool> broken_{false};       // what has not started is cancelled
  workpool::outcome first_result_ = outcome::value;
  std::exception_ptr first_error_;
};

/// One call of a bulk; where its body runs elsewhere, also several, one after another.
class bulk_part final : public task {
 public:
  bulk_part(bulk_task& all, bulk_memory& memory, std::size_t first, std::size_t end) noexcept
      : all_(all),
        memory_(memory),
        next_(first),
        left_(static_cast<std::uint32_t>(end - first)),
        calls_(static_cast<std::uint32_t>(end - first)) {
    memory_.add_user();
    set_delivers();
  }

  void invoke() override { all_.call(next_, *this); }
  remote_body* elsewhere() noexcept override { return all_.elsewhere_of_parts(); }
  std::uint64_t calls() const noexcept override { return calls_; }

  /// The calls that have not returned yet. Threads: as remote_body::request().
  std::size_t next() const noexcept { return next_; }
  std::size_t left() const noexcept { return left_; }
  std::size_t returned() const noexcept { return calls_ - left_; }
  void have_returned(std::size_t count) noexcept {
    next_ += count;
    left_ -= static_cast<std::uint32_t>(count);
  }

  const task& whole() const noexcept override { return all_; }
  void drop() noexcept override { all_.step(); }
  void deliver(outcome result) noexcept override { all_.ended(*this, result); }

  /// One of its calls was cancelled, and the others are made all the same.
  void note_cancelled() noexcept { all_.cancelled_.store(true, std::memory_order_relaxed); }
  /// Whether nothing has made its calls unnecessary.
  bool is_wanted() const noexcept { return !all_.broken_.load(std::memory_order_seq_cst); }
  /// Cancelled if it waits, asked to stop if it runs, which it does to the end of its body.
  void end_early() noexcept {
    remote_body* const there = elsewhere();
    if (there == nullptr) return static_cast<void>(cancel());
    do {
      if (withdraw(workpool::outcome::cancelled)) return;
      there->end_early(*this);
    } while (waiting());  // it was put back meanwhile
  }

  /// The memory is everybody's.
  static void operator delete(bulk_part* one, std::destroying_delete_t) noexcept {
    bulk_memory& memory = one->memory_;
    one->~bulk_part();
    memory.release();
  }

 private:
  bulk_task& all_;  // there until it is settled
  bulk_memory& memory_;
  std::size_t next_;
  std::uint32_t left_;
  const std::uint32_t calls_;
};

inline bulk_part& bulk_task::operator[](std::size_t index) noexcept { return parts_[index]; }

inline void bulk_task::construct_parts(void* place, bulk_memory& memory) {
  parts_ = static_cast<bulk_part*>(place);
  for (std::size_t index = 0; index < size_; ++index) {
    ::new (static_cast<void*>(parts_ + index)) bulk_part(*this, memory, first_call(index), first_call(index + 1));
  }
}

inline cancel_result bulk_task::cancel() noexcept {
  const visit parts(*this);
  if (!parts) return cancel_result::too_late;
  broken_.store(true, std::memory_order_seq_cst);
  bool none_ran = true;
  bool asked = false;
  for (std::size_t index = 0; index < size_; ++index) {
    const cancel_result answer = parts_[index].cancel();
    none_ran = none_ran && answer == cancel_result::dequeued;
    asked = asked || answer != cancel_result::too_late;
  }
  return none_ran ? cancel_result::dequeued : asked ? cancel_result::stop_requested : cancel_result::too_late;
}

inline bool bulk_task::may_start() const noexcept {
  const visit parts(const_cast<bulk_task&>(*this));
  const std::size_t count = parts ? accepted_.load(std::memory_order_acquire) : 0;
  return std::any_of(parts_, parts_ + count, [](const bulk_part& one) { return one.may_start(); });
}

inline void bulk_task::help() {
  const visit parts(*this);
  const std::size_t count = parts ? accepted_.load(std::memory_order_acquire) : 0;  // the others have no pool
  for (std::size_t index = 0; index < count; ++index) parts_[index].help();
}

inline void bulk_task::ended(bulk_part& one, workpool::outcome result) noexcept {
  if (result == outcome::cancelled) {
    cancelled_.store(true, std::memory_order_relaxed);
  } else if (result != outcome::value) {
    const bool never_started = result == outcome::expired || result == outcome::discarded;
    keep_first(result, one.take_error(), never_started ? rest::goes_on : rest::is_cancelled);
  }
  step();
}

inline void bulk_task::keep_first(workpool::outcome result, std::exception_ptr error, rest then) noexcept {
  if (!kept_.exchange(true, std::memory_order_relaxed)) {
    first_result_ = result;
    first_error_ = std::move(error);
  }
  if (then == rest::goes_on || broken_.exchange(true, std::memory_order_seq_cst)) return;
  // Either we see that a part was accepted, or its submitter sees that the bulk is broken.
  const std::size_t count = accepted_.load(std::memory_order_seq_cst);
  for (std::size_t index = 0; index < count; ++index) parts_[index].end_early();
}

inline void bulk_task::accepted(std::size_t index) noexcept {
  accepted_.store(index + 1, std::memory_order_seq_cst);
  if (broken_.load(std::memory_order_seq_cst)) parts_[index].end_early();
}

inline void bulk_task::conclude() noexcept {
  drop();
  for (std::size_t index = 0; index < size_; ++index) parts_[index].drop_reference();
  const bool broken = kept_.load(std::memory_order_relaxed);
  if (first_error_) fail(std::move(first_error_), true);
  finish(broken ? first_result_ : cancelled_.load(std::memory_order_relaxed) ? outcome::cancelled : outcome::value);
  drop_reference();
}

template <class F>
class bulk_call final : public bulk_task {
 public:
  /// Gives: a bulk with two references, one of the future and one of its own, which goes when it is settled; each part
  /// has one of the bulk. Throws: std::bad_alloc, what copying or moving the callable throws.
  template <class G>
  static bulk_call* make(std::size_t calls, G&& callable) {
    return make(calls, calls, std::forward<G>(callable));
  }
  /// The same in so many parts, at most one for each call, of at most 2^32 - 1 calls each.
  template <class G>
  static bulk_call* make(std::size_t calls, std::size_t parts, G&& callable) {
    const std::size_t bulk_at = next_place(sizeof(bulk_memory), alignof(bulk_call));
    const std::size_t parts_at = next_place(bulk_at + sizeof(bulk_call), alignof(bulk_part));
    if (parts > (static_cast<std::size_t>(-1) / 2 - parts_at) / sizeof(bulk_part)) throw std::bad_alloc();
    auto* const start = static_cast<std::byte*>(::operator new(parts_at + parts * sizeof(bulk_part), alignment));
    auto* const memory = ::new (static_cast<void*>(start)) bulk_memory(alignment);
    bulk_call* made = nullptr;
    try {
      made = ::new (static_cast<void*>(start + bulk_at)) bulk_call(calls, parts, *memory, std::forward<G>(callable));
    } catch (...) {
      memory->release();
      throw;
    }
    made->construct_parts(start + parts_at, *memory);
    made->add_reference();
    return made;
  }

  void drop() noexcept override { callable_.reset(); }
  static void operator delete(bulk_call* one, std::destroying_delete_t) noexcept {
    bulk_memory& memory = one->memory_;
    one->~bulk_call();
    memory.release();
  }
  static void operator delete(void*, void*) noexcept {}  // of the placement, should the constructor throw

 private:
  template <class G>
  bulk_call(std::size_t calls, std::size_t parts, bulk_memory& memory, G&& callable)
      : bulk_task(calls, parts), memory_(memory), callable_(std::in_place, std::forward<G>(callable)) {}

  static constexpr std::size_t next_place(std::size_t end, std::size_t align) noexcept {
    return (end + align - 1) / align * align;
  }

  void call(std::size_t index, task& part) override {
    if constexpr (std::invocable<F&, std::size_t>) {
      std::invoke(*callable_, index);
    } else {
      std::invoke(*callable_, part.stop_token(), index);
    }
  }
  remote_body* elsewhere_of_parts() noexcept override {
    if constexpr (std::derived_from<F, remote_body>) {
      return callable_ ? &*callable_ : nullptr;
    } else {
      return nullptr;
    }
  }

  bulk_memory& memory_;
  std::optional<F> callable_;

  static constexpr std::align_val_t alignment{std::max({alignof(std::max_align_t), alignof(F), alignof(bulk_part)})};
};

}}}  // namespace workpool::v0::detail
