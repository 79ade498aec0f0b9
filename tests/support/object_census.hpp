#pragma once

#include <atomic>

namespace workpool_test {

/// Counts what becomes of the objects made from it: copies, moves, destructions. Must outlive them.
/// Threads: the objects may be used on any; the counts are exact once those threads are joined.
class object_census {
 public:
  /// One counted object. A moved-from object still exists, and its destruction counts.
  class object {
   public:
    explicit object(object_census& census) noexcept : census_(&census) { ++census_->made_; }
    object(const object& other) noexcept : census_(other.census_) { ++census_->copies_; }
    object(object&& other) noexcept : census_(other.census_) { ++census_->moves_; }
    object& operator=(const object&) = delete;
    object& operator=(object&&) = delete;
    ~object() { ++census_->destroyed_; }

   private:
    object_census* census_;
  };

  object make() noexcept { return object(*this); }

  int copies() const noexcept { return copies_; }
  int moves() const noexcept { return moves_; }
  int destroyed() const noexcept { return destroyed_; }
  int alive() const noexcept { return made_ + copies_ + moves_ - destroyed_; }

 private:
  std::atomic<int> made_{0}, copies_{0}, moves_{0}, destroyed_{0};
};

}  // namespace workpool_test
