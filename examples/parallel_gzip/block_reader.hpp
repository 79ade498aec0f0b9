#pragma once
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <utility>
#include <vector>

#include "block.hpp"
#include "input_file.hpp"

namespace parallel_gzip {

/// A file as a range of blocks, to be walked once: incrementing reads the next block, dereferencing gives it away.
/// There is at least one block; an empty file is one empty block.
/// Threads: one; the same that calls recycle().
/// Throws: std::system_error when the file cannot be read.
/// Memory: as many blocks as are in use at a time, plus one.
class block_reader {
 public:
  class iterator {
   public:
    using value_type = block_ptr;
    using difference_type = std::ptrdiff_t;

    explicit iterator(block_reader& reader) noexcept : reader_(&reader) {}
    block_ptr&& operator*() const noexcept { return std::move(reader_->current_); }
    iterator& operator++() {
      reader_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return reader_->done_; }

   private:
    block_reader* reader_;
  };

  explicit block_reader(input_file& input) : input_(input) {}

  iterator begin() {
    next_ = read_after(nullptr);
    advance();
    return iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Takes a block nobody needs any more; a later one will use its memory.
  void recycle(block_ptr used) { spare_.push_back(std::move(used)); }

 private:
  /// Stays one block ahead of the caller: only so is it known which block is the last.
  void advance() {
    done_ = next_ == nullptr;
    if (done_) return;
    current_ = std::move(next_);
    const bool at_end = current_->data_used < block_size;
    if (!at_end) next_ = read_after(current_.get());
    if (next_ && next_->data_used == 0) recycle(std::move(next_));
    current_->last = next_ == nullptr;
  }

  block_ptr read_after(const block* previous) {
    block_ptr fresh = blank();
    const auto tail = previous ? previous->data().last(std::min(previous->data_used, history_size)) : byte_view();
    std::copy_n(tail.data(), tail.size(), fresh->history_room.data());
    fresh->history_used = tail.size();
    fresh->data_used = input_.read(fresh->data_room);
    return fresh;
  }

  block_ptr blank() {
    if (spare_.empty()) return std::make_unique<block>();
    block_ptr reused = std::move(spare_.back());
    spare_.pop_back();
    return reused;
  }

  input_file& input_;
  std::vector<block_ptr> spare_;
  block_ptr current_, next_;
  bool done_ = false;
};

static_assert(std::ranges::input_range<block_reader>);

}  // namespace parallel_gzip
