#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// What a stream did not take yet, in order. Every byte is copied once, when it is kept, and each piece is freed when
/// it is gone.
/// Threads: one at a time.
class unsent_frames {
 public:
  unsent_frames() noexcept = default;
  unsent_frames(unsent_frames&& other) noexcept { swap(other); }
  unsent_frames& operator=(unsent_frames&& other) noexcept {
    unsent_frames(std::move(other)).swap(*this);
    return *this;
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  /// Keeps a copy of what follows the first `gone` bytes of header and payload together.
  /// Throws: std::bad_alloc and std::length_error, and then nothing is kept.
  void keep(std::span<const std::byte> header, std::span<const std::byte> payload, std::size_t gone) {
    const std::size_t left = header.size() + payload.size() - gone;
    if (left == 0) return;
    const std::size_t of_header = std::min(gone, header.size());
    std::vector<std::byte> piece;
    piece.reserve(left);
    const auto rest_of_header = header.subspan(of_header);
    piece.insert(piece.end(), rest_of_header.begin(), rest_of_header.end());
    const auto rest_of_payload = payload.subspan(gone - of_header);
    piece.insert(piece.end(), rest_of_payload.begin(), rest_of_payload.end());
    pieces_.push_back(std::move(piece));
    size_ += left;
  }

  /// Gives: how many views it filled, from the front on.
  std::size_t front(std::span<std::span<const std::byte>> views) const noexcept {
    const std::size_t count = std::min(views.size(), pieces_.size() - first_);
    for (std::size_t i = 0; i < count; ++i) views[i] = pieces_[first_ + i];
    if (count != 0) views[0] = views[0].subspan(gone_of_first_);
    return count;
  }

  /// The first `bytes` bytes, at most size(), are gone.
  void drop(std::size_t bytes) noexcept {
    size_ -= bytes;
    gone_of_first_ += bytes;
    while (first_ < pieces_.size() && gone_of_first_ >= pieces_[first_].size()) {
      gone_of_first_ -= pieces_[first_].size();
      pieces_[first_++] = {};
    }
    // Half of them at a time: each is moved once per halving, and memory does not grow for ever.
    if (2 * first_ > pieces_.size()) {
      pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  void clear() noexcept { unsent_frames().swap(*this); }

  void swap(unsent_frames& other) noexcept {
    pieces_.swap(other.pieces_);
    std::swap(first_, other.first_);
    std::swap(gone_of_first_, other.gone_of_first_);
    std::swap(size_, other.size_);
  }

 private:
  std::vector<std::vector<std::byte>> pieces_;
  std::size_t first_ = 0;          // pieces before it are gone
  std::size_t gone_of_first_ = 0;  // bytes
  std::size_t size_ = 0;           // bytes
};

}}}  // namespace workpool::v0::detail
