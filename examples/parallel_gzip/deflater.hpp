#pragma once
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

  /// Fills in what the block becomes. The packed bytes of all blocks, one after another, are one deflate stream: all
  /// but the last end with an empty stored block (Z_SYNC_FLUSH), which fills the last byte and ends nothing.
  template <class Memory>
  void compress(block<Memory>& b) {
    const auto history = b.history(), data = b.data();
    const auto room = b.packed_room();
    ::deflateReset(&stream_);
    if (!history.empty()) ::deflateSetDictionary(&stream_, history.data(), static_cast<uInt>(history.size()));
    stream_.next_in = b.data_room().data();
    stream_.avail_in = static_cast<uInt>(data.size());
    stream_.next_out = room.data();
    stream_.avail_out = static_cast<uInt>(room.size());
    const int ended = ::deflate(&stream_, b.is.last ? Z_FINISH : Z_SYNC_FLUSH);
    // Without room left it cannot be told whether that was all.
    if (ended != (b.is.last ? Z_STREAM_END : Z_OK) || stream_.avail_in != 0 || stream_.avail_out == 0) {
      throw std::runtime_error("zlib has lost its state");
    }
    b.is.packed_used = room.size() - stream_.avail_out;
    b.is.crc = ::crc32_z(0, data.data(), data.size());
  }

 private:
  z_stream stream_{};
};

/// Compresses a block on whatever thread it is called, with that thread's own compressor.
/// The level is the same in every call of a program run.
template <class Memory>
block<Memory> compressed(block<Memory> b) {
  thread_local deflater own(b.is.level);
  own.compress(b);
  return b;
}

}  // namespace parallel_gzip
