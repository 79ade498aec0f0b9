#pragma once
#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <optional>
#include <ranges>
#include <type_traits>
#include <vector>
#include <workpool/detail/cache_line.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A range whose elements several threads may visit at the same time.
template <class Range>
concept shareable_range = std::ranges::forward_range<Range>;

/// vector<bool> keeps several elements in one word, which two threads cannot change at the same time.
template <class Range>
inline constexpr bool packs_bits =
    std::same_as<std::remove_cvref_t<std::ranges::range_reference_t<Range>>, std::vector<bool>::reference>;

/// Some neighbouring elements.
template <class Range>
struct chunk {
  std::ranges::iterator_t<Range> first;
  std::size_t size;    // at least 1
  std::size_t number;  // 0, 1, … in the order of the range
};

/// How many elements are visited between two looks whether the loop is over. A chunk of many elements has small ones,
/// mostly: without a look in between, the compiler can do several at a time. Measured, a million bodies of 0.1 ns: 120
/// µs with stretches of 30, 68 µs with those of 240.
constexpr std::size_t stretch_of(std::size_t elements) noexcept {
  return std::clamp<std::size_t>(elements / 128, 1, 512);
}

/// Calls `visit` for the elements of a chunk in their order, until `over`. Gives: whether it came to the end.
template <class Range, class Visit>
bool walk(const chunk<Range>& piece, const std::atomic<bool>& over, Visit&& visit) {
  if constexpr (std::ranges::random_access_range<Range>) {
    using offset = std::ranges::range_difference_t<Range>;
    const std::size_t stretch = stretch_of(piece.size);
    for (std::size_t done = 0; done < piece.size;) {
      if (over.load(std::memory_order_relaxed)) return false;
      const std::size_t end = std::min(piece.size, done + stretch);
      for (; done < end; ++done) visit(piece.first[static_cast<offset>(done)]);
    }
    return true;
  }
  auto at = piece.first;
  for (std::size_t left = piece.size;; ++at) {
    if (over.load(std::memory_order_relaxed)) return false;
    visit(*at);
    if (--left == 0) return true;
  }
}

/// How many chunks each of those who take part gets of a range when nobody says how large they are. The last one to
/// finish keeps the others waiting for one chunk at most; a chunk costs 10 ns to take, 18 ns where iterators are
/// walked.
inline constexpr std::size_t chunks_per_party = 16;

constexpr std::size_t chosen_chunk(std::size_t wanted, std::size_t elements, std::size_t parties) noexcept {
  return wanted != 0 ? wanted : std::max<std::size_t>(1, elements / (parties * chunks_per_party));
}

/// Hands a range out in chunks, each to one thread. Threads: next() by any. Throws: what the iterators throw.
template <class Range>
class chunk_source {
 public:
  chunk_source(Range& range, std::size_t wanted, std::size_t parties)
      : wanted_(wanted),
        share_(parties * chunks_per_party),
        at_(std::ranges::begin(range)),
        end_(std::ranges::end(range)) {
    if constexpr (std::ranges::sized_range<Range>) {
      wanted_ = chosen_chunk(wanted, static_cast<std::size_t>(std::ranges::size(range)), parties);
    }
  }

  bool empty() const { return at_ == end_; }
  std::size_t most_helpers(std::size_t workers) const noexcept { return workers; }

  std::optional<chunk<Range>> next(std::size_t) {
    const std::lock_guard hold(mutex_);
    if (broken_ || at_ == end_) return std::nullopt;
    chunk<Range> piece{at_, 0, number_++};
    // Of unknown size: the larger the range turns out to be, the larger the chunks.
    const std::size_t size = wanted_ != 0 ? wanted_ : std::max<std::size_t>(1, taken_ / share_);
    broken_ = true;  // unless all steps are done
    for (; piece.size < size && at_ != end_; ++at_) ++piece.size;
    broken_ = false;
    taken_ += piece.size;
    return piece;
  }

 private:
  std::mutex mutex_;
  std::size_t wanted_;
  const std::size_t share_;
  std::ranges::iterator_t<Range> at_;
  const std::ranges::sentinel_t<Range> end_;
  std::size_t taken_ = 0;
  std::size_t number_ = 0;
  bool broken_ = false;
};

/// Where elements can be numbered, every party has a share of neighbouring chunks and comes to those of others when it
/// has done its own: one loop after another over the same elements finds them in the cache of the core that had them.
/// Measured, two threads, a million 16-bit counts: see bench/w6_loop; with one sequence for all 75 to 190 µs, the more
/// the smaller the chunks.
template <class Range>
requires std::ranges::random_access_range<Range> && std::ranges::sized_range<Range>
class chunk_source<Range> {
 public:
  chunk_source(Range& range, std::size_t wanted, std::size_t parties)
      : first_(std::ranges::begin(range)),
        size_(static_cast<std::size_t>(std::ranges::size(range))),
        chunk_(chosen_chunk(wanted, size_, parties)),
        chunks_(size_ / chunk_ + (size_ % chunk_ != 0 ? 1 : 0)),
        shares_(std::min(parties, chunks_)) {
    std::size_t begin = 0;
    for (std::size_t left = shares_.size(); left != 0; --left) {
      share& one = shares_[shares_.size() - left];
      one.next.store(begin, std::memory_order_relaxed);
      one.end = begin += (chunks_ - begin) / left;
    }
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t most_helpers(std::size_t workers) const noexcept { return std::min(workers, chunks_ - 1); }

  /// `party` says whose share is taken first, and may be any number.
  std::optional<chunk<Range>> next(std::size_t party) {
    for (std::size_t i = 0; i < shares_.size(); ++i) {
      share& from = shares_[(party + i) % shares_.size()];
      if (from.next.load(std::memory_order_relaxed) >= from.end) continue;
      const std::size_t number = from.next.fetch_add(1, std::memory_order_relaxed);
      if (number >= from.end) continue;
      const std::size_t begin = number * chunk_;
      return chunk<Range>{first_ + static_cast<std::ranges::range_difference_t<Range>>(begin),
                          std::min(chunk_, size_ - begin), number};
    }
    return std::nullopt;
  }

 private:
  struct alignas(cache_line) share {
    std::atomic<std::size_t> next{0};  // the number of the chunk that is taken next
    std::size_t end = 0;
  };

  const std::ranges::iterator_t<Range> first_;
  const std::size_t size_;
  const std::size_t chunk_;
  const std::size_t chunks_;
  std::vector<share> shares_;
};

}}}  // namespace workpool::v0::detail
