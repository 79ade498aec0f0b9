#pragma once
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>

namespace workpool { inline namespace v0 { namespace detail {

/// Which parts of [0, size) nobody has. The smallest range that is large enough is used first, of several the first;
/// ranges that touch become one.
/// Threads: one at a time. Cost: linear in the number of ranges, of which there is at most one more than parts in use.
class free_ranges {
 public:
  /// Throws: std::bad_alloc.
  explicit free_ranges(std::size_t size) : size_(size) {
    if (size != 0) at_[0] = size;
  }

  /// Gives: where so many are that nobody has, which are the caller's now; nothing where there are none, or for 0.
  /// Throws: std::bad_alloc, and then nothing has changed.
  std::optional<std::size_t> take(std::size_t count) {
    if (count == 0) return std::nullopt;
    auto best = at_.end();
    for (auto one = at_.begin(); one != at_.end(); ++one) {
      if (one->second >= count && (best == at_.end() || one->second < best->second)) best = one;
    }
    if (best == at_.end()) return std::nullopt;
    const auto [at, size] = *best;
    if (size > count) at_[at + count] = size - count;
    at_.erase(best);
    taken_ += count;
    return at;
  }

  /// What take() gave is nobody's again. Throws: std::bad_alloc, and then nothing has changed.
  void give_back(std::size_t at, std::size_t count) {
    const auto mine = at_.emplace(at, count).first;
    taken_ -= count;
    if (const auto next = std::next(mine); next != at_.end() && mine->first + mine->second == next->first) {
      mine->second += next->second;
      at_.erase(next);
    }
    if (mine == at_.begin()) return;
    if (const auto before = std::prev(mine); before->first + before->second == mine->first) {
      before->second += mine->second;
      at_.erase(mine);
    }
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t taken() const noexcept { return taken_; }
  /// How many ranges there are that nobody has.
  std::size_t pieces() const noexcept { return at_.size(); }

 private:
  std::map<std::size_t, std::size_t> at_;  // size by place
  std::size_t size_, taken_ = 0;
};

}}}  // namespace workpool::v0::detail
