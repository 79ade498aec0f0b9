#pragma once
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "block.hpp"
#include "input_file.hpp"

namespace parallel_gzip {

/// A file as a range of blocks, to be walked once: incrementing reads the next block, dereferencing gives it away.
/// There is at least one block; an empty file is one empty block. `make()` gives the memory for one.
/// Threads: one; the same that calls recycle().
/// Throws: std::system_error when the file cannot be read.
/// Memory: as many blocks as are in use at a time, plus one.
template <class Make>
class block_reader {
 public:
  using block_type = block<decltype(std::declval<Make&>()())>;

  class iterator {
   public:
    using value_type = block_type;
    using difference_type = std::ptrdiff_t;

    explicit iterator(block_reader& reader) noexcept : reader_(&reader) {}
    block_type&& operator*() const noexcept { return std::move(*reader_->current_); }
    iterator& operator++() {
      reader_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return reader_->done_; }

   private:
    block_reader* reader_;
  };

  block_reader(input_file& input, int level, Make make) : input_(input), level_(level), make_(std::move(make)) {}

  iterator begin() {
    next_.emplace(read_after(nullptr));
    advance();
    return iterator(*this);
  }
  std::default_sentinel_t end() const noexcept { return {}; }

  /// Takes a block nobody needs any more; a later one will use its memory.
  void recycle(block_type used) { spare_.push_back(std::move(used)); }

 private:
  /// Stays one block ahead of the caller: only so is it known which block is the last.
  void advance() {
    done_ = !next_;
    if (done_) return;
    current_ = std::exchange(next_, std::nullopt);
    const bool at_end = current_->is.data_used < block_size;
    if (!at_end) next_.emplace(read_after(&*current_));
    if (next_ && next_->is.data_used == 0) recycle(*std::exchange(next_, std::nullopt));
    current_->is.last = !next_;
  }

  block_type read_after(const block_type* previous) {
    block_type fresh = blank();
    const auto tail = previous ? previous->data().last(std::min(previous->is.data_used, history_size)) : byte_view();
    std::copy_n(tail.data(), tail.size(), fresh.history_room().data());
    fresh.is = {.history_used = tail.size(), .level = level_};
    fresh.is.data_used = input_.read(fresh.data_room());
    return fresh;
  }

  block_type blank() {
    if (spare_.empty()) return {make_()};
    block_type reused = std::move(spare_.back());
    spare_.pop_back();
    return reused;
  }

  input_file& input_;
  const int level_;
  Make make_;
  std::vector<block_type> spare_;
  std::optional<block_type> current_, next_;
  bool done_ = false;
};

}  // namespace parallel_gzip
