#pragma once
#include <algorithm>
#include <cstddef>
#include <new>
#include <stdexcept>

#include <zlib.h>

#include "block.hpp"

namespace parallel_gzip {

/// zlib's compressor, set up once and used for one block after another: setting it up means getting and clearing
/// 256 KiB.
/// Threads: one at a time.
class deflater {
 public:
  explicit deflater(int level) {
    constexpr int raw = -MAX_WBITS;  // no zlib header: gzip has its own
    constexpr int default_memory = 8;
    if (::deflateInit2(&stream_, level, Z_DEFLATED, raw, default_memory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~deflater() { ::deflateEnd(&stream_); }
  deflater(const deflater&) = delete;
  deflater& operator=(const deflater&) = delete;

  /// Fills `packed` and `crc` of the block. The packed bytes of all blocks, one after another, are one deflate stream:
  /// all but the last end with an empty stored block (Z_SYNC_FLUSH), which fills the last byte and ends nothing.
  void compress(block& b) {
    ::deflateReset(&stream_);
    if (b.history_used > 0) ::deflateSetDictionary(&stream_, b.history().data(), static_cast<uInt>(b.history_used));
    stream_.next_in = b.data_room.data();
    stream_.avail_in = static_cast<uInt>(b.data_used);
    b.packed_used = 0;
    while (!drained(b, b.last ? Z_FINISH : Z_SYNC_FLUSH)) {
    }
    b.crc = ::crc32_z(0, b.data().data(), b.data_used);
  }

 private:
  /// Lets zlib write what it has. It is done when it leaves room.
  bool drained(block& b, int flush) {
    constexpr std::size_t flush_marker = 16;  // deflateBound knows nothing of it: 5 bytes and one that was begun
    const std::size_t needed = b.packed_used + ::deflateBound(&stream_, stream_.avail_in) + flush_marker;
    b.packed_room.resize(std::max(b.packed_room.size(), needed));
    stream_.next_out = b.packed_room.data() + b.packed_used;
    stream_.avail_out = static_cast<uInt>(b.packed_room.size() - b.packed_used);
    if (::deflate(&stream_, flush) == Z_STREAM_ERROR) throw std::runtime_error("zlib has lost its state");
    b.packed_used = b.packed_room.size() - stream_.avail_out;
    return stream_.avail_out > 0;
  }

  z_stream stream_{};
};

/// Compresses a block on whatever thread it is called, with that thread's own compressor.
/// `level` is the same in every call of a program run.
inline block_ptr compressed(block_ptr b, int level) {
  thread_local deflater own(level);
  own.compress(*b);
  return b;
}

}  // namespace parallel_gzip
