#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// What a stream did not take yet, in order. Every byte that is not lent is copied once, when it is kept; each piece is
/// freed, and each owner let go of, when it is gone.
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

  /// Keeps what follows the first `gone` bytes of header and payload together: a copy of it; or, where there is an
  /// owner, a copy of the header and the bytes of the payload themselves, which do not change as long as that lives.
  /// Throws: std::bad_alloc and std::length_error, and then nothing is kept.
  void keep(std::span<const std::byte> header, std::span<const std::byte> payload, std::size_t gone,
            std::shared_ptr<const void> owner = nullptr) {
    const std::size_t of_header = std::min(gone, header.size());
    const auto rest_of_header = header.subspan(of_header);
    const auto rest_of_payload = payload.subspan(gone - of_header);
    const auto to_copy = owner ? std::span<const std::byte>() : rest_of_payload;
    std::vector<std::byte> copy;
    copy.reserve(rest_of_header.size() + to_copy.size());
    copy.insert(copy.end(), rest_of_header.begin(), rest_of_header.end());
    copy.insert(copy.end(), to_copy.begin(), to_copy.end());
    make_room_for(2);
    if (!copy.empty()) pieces_.push_back({std::move(copy), {}, nullptr});
    if (owner && !rest_of_payload.empty()) pieces_.push_back({{}, rest_of_payload, std::move(owner)});
    size_ += rest_of_header.size() + rest_of_payload.size();
  }

  /// Gives: how many views it filled, from the front on.
  std::size_t front(std::span<std::span<const std::byte>> views) const noexcept {
    const std::size_t count = std::min(views.size(), pieces_.size() - first_);
    for (std::size_t i = 0; i < count; ++i) views[i] = pieces_[first_ + i].bytes();
    if (count != 0) views[0] = views[0].subspan(gone_of_first_);
    return count;
  }

  /// The first `bytes` bytes, at most size(), are gone.
  void drop(std::size_t bytes) noexcept {
    size_ -= bytes;
    gone_of_first_ += bytes;
    while (first_ < pieces_.size() && gone_of_first_ >= pieces_[first_].bytes().size()) {
      gone_of_first_ -= pieces_[first_].bytes().size();
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
  struct piece {
    std::vector<std::byte> copy;
    std::span<const std::byte> lent;  // where there is an owner
    std::shared_ptr<const void> owner;

    std::span<const std::byte> bytes() const noexcept { return owner ? lent : std::span<const std::byte>(copy); }
  };

  void make_room_for(std::size_t more) {
    const std::size_t needed = pieces_.size() + more;
    if (needed > pieces_.capacity()) pieces_.reserve(std::max(needed, 2 * pieces_.capacity()));
  }

  std::vector<piece> pieces_;
  std::size_t first_ = 0;          // pieces before it are gone
  std::size_t gone_of_first_ = 0;  // bytes
  std::size_t size_ = 0;           // bytes
};

}}}  // namespace workpool::v0::detail
