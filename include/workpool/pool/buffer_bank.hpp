#pragma once
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/detail/free_ranges.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/sparse_memory.hpp>
#include <workpool/ipc/buffer_share.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The shared buffers of a pool, in the host: where each lies, and who has it. What workers say of them is checked
/// here, and nothing of this lies in memory that they can write.
///
///     make ─► here ─lend─► here and with a worker ─returned, gone─► … ─► nobody ─► sweep: its memory is free
///
/// Threads: any. Cost: a lock; sweep() gives memory back to the system, which takes time for each page of it.
class buffer_bank : public std::enable_shared_from_this<buffer_bank> {
 public:
  /// Who borrows: a number that no other worker of the pool ever has.
  using borrower = std::uint64_t;

  /// `most`: bytes of all buffers together; 0: there are none. Throws: std::bad_alloc.
  static std::shared_ptr<buffer_bank> open(std::string pool, std::size_t most) {
    return std::shared_ptr<buffer_bank>(new buffer_bank(std::move(pool), most));
  }
  buffer_bank(const buffer_bank&) = delete;
  buffer_bank& operator=(const buffer_bank&) = delete;

  /// For the workers; an empty one where there can be no buffers.
  const sparse_memory& memory() const noexcept { return *memory_; }

  /// A new one of zeros, of this process; 0 bytes: none. Throws: message_too_large where it would be more than there
  /// may be, and where the system has no memory for it; std::bad_alloc.
  shared_buffer make(std::size_t size) {
    if (size == 0) return {};
    sweep();
    const buffer_place place = place_for(size);
    if (!memory_->fill(place.at, sparse_memory::whole_pages(size))) {
      const int why = errno;
      free(place);
      sweep();
      no_room(size, std::generic_category().message(why));
    }
    try {
      return adopt(place);
    } catch (const std::bad_alloc&) {
      free(place);
      throw;
    }
  }

  /// The same for a worker, which fills it itself. Blocks: where there is no room, for a sweep. Throws: as make().
  buffer_place make_for(borrower who, std::size_t size) {
    if (size == 0) return {};
    const buffer_place place = place_for(size);
    const std::lock_guard hold(mutex_);
    const auto made = buffers_.find(place.id);
    try {
      made->second.lent.push_back({who, 1});
    } catch (const std::bad_alloc&) {
      let_go_if_nobodys(made);
      throw;
    }
    return place;
  }

  /// It is sent to a worker, which has it until that says otherwise, as often as it was sent. Throws: std::bad_alloc.
  void lend(borrower who, const shared_buffer& one) {
    const std::lock_guard hold(mutex_);
    entry& it = buffers_.at(one.share()->place().id);
    if (loan* const had = it.loan_of(who)) {
      ++had->times;
    } else {
      it.lent.push_back({who, 1});
    }
  }

  /// A worker has given one of those it has. Gives: nothing where it has none such. Throws: std::bad_alloc.
  std::optional<shared_buffer> given(borrower who, std::uint64_t id) {
    std::optional<buffer_place> place;
    {
      const std::lock_guard hold(mutex_);
      const auto found = buffers_.find(id);
      if (found == buffers_.end() || found->second.loan_of(who) == nullptr) return std::nullopt;
      if (auto here = found->second.here.lock()) return shared_buffer(std::move(here));
      place = found->second.place;
    }
    return adopt(*place);  // the worker has it, so that it stays
  }

  /// A worker has no part in it any more, that many times. Gives: false where it had not.
  bool returned(borrower who, std::uint64_t id, std::uint32_t times) noexcept {
    const std::lock_guard hold(mutex_);
    const auto found = buffers_.find(id);
    loan* const had = found == buffers_.end() ? nullptr : found->second.loan_of(who);
    if (had == nullptr || had->times < times) return false;
    had->times -= times;
    if (had->times == 0) {
      *had = found->second.lent.back();
      found->second.lent.pop_back();
      let_go_if_nobodys(found);
    }
    return true;
  }

  /// A worker has died.
  void gone(borrower who) noexcept {
    const std::lock_guard hold(mutex_);
    for (auto one = buffers_.begin(); one != buffers_.end();) {
      const auto next = std::next(one);
      // One that is nobody's yet is being made.
      if (std::erase_if(one->second.lent, [who](const loan& each) { return each.who == who; }) != 0) {
        let_go_if_nobodys(one);
      }
      one = next;
    }
  }

  /// Gives back to the system what nobody has any more. Blocks: for that; not under a lock of others.
  void sweep() noexcept {
    if (!any_to_clear_.load(std::memory_order_relaxed)) return;
    const std::lock_guard one_at_a_time(sweeping_);
    for (;;) {
      std::map<std::uint64_t, entry>::node_type one;
      {
        const std::lock_guard hold(mutex_);
        if (nobodys_.empty()) return any_to_clear_.store(false, std::memory_order_relaxed);
        one = nobodys_.extract(nobodys_.begin());
      }
      if (home_.same()) memory_->clear(one.mapped().place.at, pages_of(one.mapped().place));
      const std::lock_guard hold(mutex_);
      try {
        ranges_.give_back(one.mapped().place.at, pages_of(one.mapped().place));
      } catch (const std::bad_alloc&) {
        nobodys_.insert(std::move(one));
        return;  // the next one may have more memory
      }
    }
  }

  /// How much of the memory is in use, in bytes of whole pages; and how many buffers there are.
  std::size_t bytes() const noexcept {
    const std::lock_guard hold(mutex_);
    return ranges_.taken();
  }
  std::size_t count() const noexcept {
    const std::lock_guard hold(mutex_);
    return buffers_.size();
  }

 private:
  struct loan {
    borrower who;
    std::uint32_t times;
  };
  struct entry {
    buffer_place place;
    std::weak_ptr<buffer_share> here{};
    std::size_t shares = 0;  // of this process: `here`, and perhaps one that is just ending
    std::vector<loan> lent{};

    loan* loan_of(borrower who) noexcept {
      const auto found = std::find_if(lent.begin(), lent.end(), [who](const loan& one) { return one.who == who; });
      return found == lent.end() ? nullptr : &*found;
    }
  };
  using table = std::map<std::uint64_t, entry>;

  class own_share final : public buffer_share {
   public:
    own_share(std::shared_ptr<buffer_bank> bank, buffer_place place)
        : buffer_share(bank->memory_, place), bank_(std::move(bank)) {}
    ~own_share() override { bank_->share_ends(place()); }

   private:
    const std::shared_ptr<buffer_bank> bank_;
  };

  buffer_bank(std::string pool, std::size_t most)
      : pool_(std::move(pool)),
        memory_(std::make_shared<const sparse_memory>(most == 0 ? sparse_memory()
                                                                : sparse_memory::make(page_multiple(most)))),
        problem_(*memory_ || most == 0 ? 0 : errno),
        ranges_(*memory_ ? page_multiple(most) : 0) {}

  static std::size_t page_multiple(std::size_t size) noexcept {
    return size / sparse_memory::page() * sparse_memory::page();
  }
  static std::size_t pages_of(const buffer_place& place) noexcept { return sparse_memory::whole_pages(place.size); }

  [[noreturn]] void no_room(std::size_t size, const std::string& why) const {
    throw message_too_large("a shared buffer of " + std::to_string(size) + " bytes could not be made in pool '" +
                            pool_ + "': " + why);
  }

  // What is just being given back to the system counts as free.
  buffer_place place_for(std::size_t size) {
    if (std::optional<buffer_place> place = try_place(size)) return *place;
    any_to_clear_.store(true, std::memory_order_relaxed);  // somebody else may be at it: wait for that
    sweep();
    if (std::optional<buffer_place> place = try_place(size)) return *place;
    if (problem_ != 0) {
      no_room(size, "the memory for them could not be made: " + std::generic_category().message(problem_));
    }
    const std::lock_guard hold(mutex_);
    no_room(size, std::to_string(ranges_.taken()) + " bytes of buffer_memory (" + std::to_string(ranges_.size()) +
                      ") are in use, in " + in_words(buffers_.size(), "buffer") +
                      "; drop some, or raise buffer_memory");
  }

  std::optional<buffer_place> try_place(std::size_t size) {
    const std::size_t pages = sparse_memory::whole_pages(size);
    const std::lock_guard hold(mutex_);
    const std::optional<std::size_t> at = pages >= size ? ranges_.take(pages) : std::nullopt;
    if (!at) return std::nullopt;
    const buffer_place place{++last_id_, *at, size};
    try {
      buffers_.emplace(place.id, entry{place});
    } catch (...) {
      ranges_.give_back(*at, pages);
      throw;
    }
    return place;
  }

  shared_buffer adopt(const buffer_place& place) {
    auto made = std::make_shared<own_share>(shared_from_this(), place);
    const std::lock_guard hold(mutex_);
    entry& it = buffers_.at(place.id);
    it.here = made;
    ++it.shares;
    return shared_buffer(std::move(made));
  }

  void free(const buffer_place& place) noexcept {
    const std::lock_guard hold(mutex_);
    let_go_if_nobodys(buffers_.find(place.id));
  }

  void share_ends(const buffer_place& place) noexcept {
    if (!home_.same()) return;  // of a fork nothing can be freed: it is the parent's
    {
      const std::lock_guard hold(mutex_);
      const auto found = buffers_.find(place.id);
      --found->second.shares;
      let_go_if_nobodys(found);
    }
    sweep();
  }

  // The lock is held.
  void let_go_if_nobodys(table::iterator one) noexcept {
    if (one->second.shares != 0 || !one->second.lent.empty()) return;
    nobodys_.insert(buffers_.extract(one));
    any_to_clear_.store(true, std::memory_order_relaxed);
  }

  const std::string pool_;
  const std::shared_ptr<const sparse_memory> memory_;
  const int problem_;  // why there is none
  const process_mark home_ = process_mark::current();
  std::atomic<bool> any_to_clear_{false};

  std::mutex sweeping_;       // taken before the other one
  mutable std::mutex mutex_;  // guards everything from here on
  free_ranges ranges_;
  table buffers_, nobodys_;
  std::uint64_t last_id_ = 0;
};

}}}  // namespace workpool::v0::detail
