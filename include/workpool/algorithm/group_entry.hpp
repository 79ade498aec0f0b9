#pragma once
#include <atomic>
#include <concepts>
#include <cstddef>
#include <memory>
#include <utility>
#include <workpool/core/call_task.hpp>
#include <workpool/core/future.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a task group keeps of one of its tasks: the user's callable, and the future of what was submitted for it.
/// Threads: as noted at each member. Memory: counted references, of the group and of the callable in the pool.
class group_entry : public recycled {
 public:
  group_entry() = default;
  group_entry(const group_entry&) = delete;
  group_entry& operator=(const group_entry&) = delete;
  virtual ~group_entry() = default;

  /// Calls the user's callable, as the body of the task `self`.
  virtual void call(task& self) = 0;
  /// Destroys callable and arguments. By whoever ran or withdrew the task.
  virtual void drop() noexcept = 0;

  /// The task was accepted. Under the lock of the group, before the member is in its list.
  void accepted(future<void> done) noexcept { done_ = std::move(done); }
  bool is_accepted() const noexcept { return done_.valid(); }

  // Of an accepted one; by any thread.
  task& behind() const noexcept { return *future_access::task_of(done_); }
  bool settled() const noexcept { return behind().settled(); }
  bool waiting() const noexcept { return behind().waiting(); }
  void cancel() noexcept { done_.cancel(); }
  void wait() const { done_.wait(); }
  /// A second future, since others may still look at the first one.
  future<void> again() const noexcept {
    behind().add_reference();
    return future<void>(future_access::task_of(done_));
  }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  bool asked_to_stop = false;  // under the lock of the group

 private:
  friend class entry_list;
  future<void> done_;
  group_entry* next_ = nullptr;  // of the list that holds it
  std::atomic<std::size_t> references_{1};
};

template <class F, class... A>
class group_call final : public group_entry {
 public:
  template <class... Parts>
  explicit group_call(Parts&&... parts) : call_(std::forward<Parts>(parts)...) {}
  void call(task& self) override { static_cast<void>(call_(self)); }
  void drop() noexcept override { call_.reset(); }

 private:
  stored_call<F, A...> call_;
};

/// One reference of a member.
class entry_ref {
 public:
  entry_ref() noexcept = default;
  /// Takes over one reference.
  explicit entry_ref(group_entry* one) noexcept : member_(one) {}
  entry_ref(const entry_ref& other) noexcept : member_(other.member_) {
    if (member_ != nullptr) member_->add_reference();
  }
  entry_ref(entry_ref&& other) noexcept : member_(std::exchange(other.member_, nullptr)) {}
  entry_ref& operator=(entry_ref other) noexcept {
    std::swap(member_, other.member_);
    return *this;
  }
  ~entry_ref() {
    if (member_ != nullptr) member_->drop_reference();
  }

  /// Adds one. Gives: an empty one for nullptr.
  static entry_ref share(group_entry* one) noexcept {
    if (one != nullptr) one->add_reference();
    return entry_ref(one);
  }

  explicit operator bool() const noexcept { return member_ != nullptr; }
  group_entry& operator*() const noexcept { return *member_; }
  group_entry* operator->() const noexcept { return member_; }
  group_entry* release() noexcept { return std::exchange(member_, nullptr); }

 private:
  group_entry* member_ = nullptr;
};

/// Accepted members, the newest first; holds a reference of each. Threads: one at a time.
class entry_list {
 public:
  entry_list() = default;
  entry_list(const entry_list&) = delete;
  entry_list& operator=(const entry_list&) = delete;
  ~entry_list() {
    while (first_ != nullptr) entry_ref(std::exchange(first_, first_->next_));
  }

  void push(entry_ref one) noexcept {
    one->next_ = first_;
    first_ = one.release();
    ++size_;
  }

  /// Gives: the newest member that is not settled and `wanted`; nullptr when there is none. Settled ones on the way
  /// there go to `gone`.
  template <std::predicate<group_entry&> Wanted>
  group_entry* find(Wanted wanted, entry_list& gone) noexcept {
    group_entry** at = &first_;
    while (group_entry* const one = *at) {
      if (one->settled()) {
        *at = one->next_;
        --size_;
        gone.push(entry_ref(one));
      } else if (wanted(*one)) {
        return one;
      } else {
        at = &one->next_;
      }
    }
    return nullptr;
  }

  group_entry* newest() const noexcept { return first_; }
  std::size_t size() const noexcept { return size_; }

 private:
  group_entry* first_ = nullptr;
  std::size_t size_ = 0;
};

}}}  // namespace workpool::v0::detail
