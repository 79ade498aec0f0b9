#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <vector>
#include <workpool/core/priority.hpp>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/concurrentqueue.hpp>
#include <workpool/detail/revocable_lock.hpp>
#include <workpool/detail/thread_number.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 { namespace detail {

struct lane_traits : moodycamel::ConcurrentQueueDefaultTraits {
  static constexpr std::size_t EXPLICIT_INITIAL_INDEX_SIZE = 8;          // a pool has many lanes that stay nearly empty
  static constexpr std::size_t INITIAL_IMPLICIT_PRODUCER_HASH_SIZE = 0;  // every producer has a token
};

/// Four lanes of pointers, each a moodycamel::ConcurrentQueue.
///
/// Threads: any. A producer uses the token slot its thread number points at, so that what one thread pushes into one
/// lane comes out in that order. The number of tokens is fixed: every token ever alive is scanned by every look at an
/// empty lane (105 ns at 64 tokens), and one that belongs to a thread could outlive it.
/// Order: first in, first out per slot. With one slot: over all producers.
/// Memory: moodycamel keeps the blocks of the high-water mark until the queue dies, 8 bytes and a bit per pointer.
class lane_set {
 public:
  explicit lane_set(std::size_t slots) : slots_(std::bit_ceil(slots)) {}

  /// As many slots as can be in use at the same time without waiting for one another much, within reason.
  static std::size_t default_slots() noexcept {
    return std::min<std::size_t>(2 * std::size_t{std::max(1U, std::thread::hardware_concurrency())}, admission_slots);
  }

  /// Gives: false when the set is closed. Throws: std::bad_alloc.
  template <class Admission>
  bool push(void* element, priority lane, Admission& admission) {
    const std::size_t thread = thread_number();
    const std::size_t index = thread & (slots_.size() - 1);
    slot& mine = slots_[index];
    const revocable_lock::section hold(mine.lock, thread);
    if (mine.closed) return false;
    const token& producer = mine.token_for(lane, lane_of(lane));
    admission.accept(index);
    if (lane_of(lane).enqueue(producer, element)) {
      if (is_urgent(lane)) urgent_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    admission.retract(index);
    throw std::bad_alloc();
  }

  /// To be called after a fence, before a look at the lengths: a push is then seen, or its thread sees, by a
  /// sequentially consistent load after the push, what was stored before the fence.
  void synchronize() const noexcept {
    for (const slot& one : slots_) one.lock.look();
  }

  /// Gives: nullptr when the lane is empty, or seems so while others push and pop. `turn`: as for pop_some().
  void* pop(priority lane, unsigned turn = 0) noexcept {
    void* element = nullptr;
    pop_some(lane, &element, 1, turn);
    return element;
  }

  /// Takes up to `most` of one slot out of a lane, into an array. `turn`: where to look first; who counts it up lets no
  /// producer wait for ever behind a busier one. Gives: how many; none as for pop().
  std::size_t pop_some(priority lane, void** into, std::size_t most, unsigned turn) noexcept {
    for (std::size_t n = 0; n < slots_.size(); ++n) {
      const slot& one = slots_[(turn + n) & (slots_.size() - 1)];
      const token* const producer = one.published[lane_index(lane)].load(std::memory_order_acquire);
      if (producer == nullptr) continue;
      for (;;) {
        const std::size_t found = lane_of(lane).try_dequeue_bulk_from_producer(*producer, into, most);
        const auto real = static_cast<std::size_t>(std::remove(into, into + found, nullptr) - into);
        if (found != real) fillers_[lane_index(lane)].fetch_sub(found - real, std::memory_order_relaxed);
        if (real != 0 && is_urgent(lane)) {
          urgent_.fetch_sub(static_cast<std::ptrdiff_t>(real), std::memory_order_relaxed);
        }
        if (real != 0) return real;
        if (found == 0) break;
      }
    }
    return 0;
  }

  /// Whether there is something in a lane above normal: one look at a word that nobody else writes. Exact while nobody
  /// pushes or pops. Measured with tasks of the four lanes in turn, which cost about four times those of one: a flag
  /// that is hardly ever taken back instead of the count saves 12 %, and nothing elsewhere; urgent tasks in batches
  /// save next to nothing, since whoever may not overtake them keeps their lanes nearly empty, and so every push meets
  /// a reader.
  bool urgent() const noexcept { return urgent_.load(std::memory_order_relaxed) > 0; }

  /// How many pointers lie in the lane; exact while nobody pushes or pops.
  std::size_t length(priority lane) const noexcept {
    const std::size_t fillers = fillers_[lane_index(lane)].load(std::memory_order_relaxed);
    const std::size_t all = lanes_[lane_index(lane)].size_approx();
    return all > fillers ? all - fillers : 0;
  }

  /// Refuses every later push. When it has returned, no push is under way and everything accepted can be popped.
  void close() noexcept {
    for (slot& one : slots_) {
      const std::lock_guard hold(one.lock);
      one.closed = true;
    }
  }

  /// Takes everything out of a lane for which `dead` is true; the rest keeps its order per slot, provided that nobody
  /// pops meanwhile. Throws: std::bad_alloc before anything was touched.
  template <class Dead>
  std::vector<void*> sweep(priority lane, Dead dead) {
    const all_slots_locked hold(slots_);
    std::vector<void*> removed;
    std::vector<void*> kept;
    const std::size_t most = length(lane);
    removed.reserve(most);
    kept.reserve(most);
    for (slot& one : slots_) {
      if (one.tokens[lane_index(lane)]) add_fillers(lane, *one.tokens[lane_index(lane)]);
    }
    for (slot& one : slots_) {
      const std::optional<token>& mine = one.tokens[lane_index(lane)];
      if (!mine) continue;
      kept.clear();
      for (void* element = nullptr; lane_of(lane).try_dequeue_from_producer(*mine, element);) {
        if (element == nullptr) {
          --fillers_[lane_index(lane)];
        } else {
          (dead(element) ? removed : kept).push_back(element);
        }
      }
      // The blocks just emptied, one of them spare, hold what goes back: moodycamel has no need to allocate.
      for (void* element : kept) {
        if (!lane_of(lane).enqueue(*mine, element)) removed.push_back(element);
      }
    }
    if (is_urgent(lane)) urgent_.fetch_sub(static_cast<std::ptrdiff_t>(removed.size()), std::memory_order_relaxed);
    return removed;
  }

 private:
  using queue = moodycamel::ConcurrentQueue<void*, lane_traits>;
  using token = moodycamel::ProducerToken;

  struct alignas(cache_line) slot {
    const token& token_for(priority lane, queue& target) {
      std::optional<token>& mine = tokens[lane_index(lane)];
      if (mine) return *mine;
      mine.emplace(target);
      if (mine->valid()) {
        published[lane_index(lane)].store(&*mine, std::memory_order_release);
        return *mine;
      }
      mine.reset();  // a sweep takes every token it finds for a valid one
      throw std::bad_alloc();
    }

    revocable_lock lock;
    bool closed = false;
    std::array<std::optional<token>, priority_count> tokens;
    std::array<std::atomic<const token*>, priority_count> published{};  // to consumers, once made
  };

  struct all_slots_locked {
    explicit all_slots_locked(std::vector<slot>& all) noexcept : slots(all) {
      for (slot& one : slots) one.lock.lock();
    }
    all_slots_locked(const all_slots_locked&) = delete;
    all_slots_locked& operator=(const all_slots_locked&) = delete;
    ~all_slots_locked() {
      for (slot& one : slots) one.lock.unlock();
    }
    std::vector<slot>& slots;
  };

  // A block's worth of null pointers, so that a lane owns one block more than its elements need, wherever in their
  // blocks the first and the last lie. Who finds one throws it away. Throws: std::bad_alloc.
  void add_fillers(priority lane, const token& producer) {
    for (std::size_t i = 0; i < lane_traits::BLOCK_SIZE; ++i) {
      ++fillers_[lane_index(lane)];
      if (lane_of(lane).enqueue(producer, nullptr)) continue;
      --fillers_[lane_index(lane)];
      throw std::bad_alloc();
    }
  }

  static bool is_urgent(priority lane) noexcept { return lane < priority::normal; }
  queue& lane_of(priority lane) noexcept { return lanes_[lane_index(lane)]; }

  // The tokens refer to the lanes and go first.
  std::array<queue, priority_count> lanes_{queue(0), queue(0), queue(0), queue(0)};
  std::vector<slot> slots_;
  std::array<std::atomic<std::size_t>, priority_count> fillers_{};  // null pointers in a lane; see add_fillers()
  alignas(cache_line) std::atomic<std::ptrdiff_t> urgent_{0};  // in critical and high; whoever pushes or pops there
};

}}}  // namespace workpool::v0::detail
