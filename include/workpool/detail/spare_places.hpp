#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace workpool { inline namespace v0 { namespace detail {

/// Places where objects wait for somebody who needs one of their kind. One that lasts as long as the program deletes
/// nothing at its end.
/// Threads: any; no lock, so that a child that is forked in the middle of a call is none the worse. Blocks: never.
template <class T, std::size_t Count, class Delete = std::default_delete<T>>
class spare_places {
 public:
  using owned = std::unique_ptr<T, Delete>;

  /// Gives: one for which `fits(object)` holds, or nullptr.
  template <class Fits>
  owned take(Fits fits) noexcept {
    for (auto& place : places_) {
      owned one(place.exchange(nullptr, std::memory_order_acquire));
      if (one == nullptr) continue;
      if (fits(*one)) return one;
      leave(std::move(one));
    }
    return nullptr;
  }

  /// Deletes another one where there is no place: what was needed last is the likeliest to be needed next.
  void leave(owned one) noexcept {
    T* const left = one.release();
    for (auto& place : places_) {
      T* nobody = nullptr;
      if (place.compare_exchange_strong(nobody, left, std::memory_order_release, std::memory_order_relaxed)) return;
    }
    const owned other(places_.front().exchange(left, std::memory_order_acq_rel));
  }

 private:
  std::array<std::atomic<T*>, Count> places_{};  // who takes an object out of its place owns it
};

}}}  // namespace workpool::v0::detail
