#pragma once
#include <cstddef>
#include <string_view>
#include <utility>

#include <workpool/pool.hpp>

#include "block_reader.hpp"
#include "deflater.hpp"
#include "gzip_format.hpp"
#include "input_file.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace parallel_gzip {

inline original original_of(const input_file& input) {
  if (input.is_standard_input()) return {};
  const std::string_view path = input.name();
  return {.name = path.substr(path.rfind('/') + 1), .mtime = input.status().st_mtim.tv_sec};
}

/// Compresses the input to one gzip member on `output`, which has `write(bytes)`.
///
///     input ──blocks──► map: the pool's workers compress, `window` blocks ahead at most ──in order──► output
///
/// This thread only reads and writes.
/// Throws: what reading and writing throw; blocks that no worker has begun are then dropped.
/// Memory: bounded by the window, whatever the size of the input.
template <class Output>
void compress(workpool::thread_pool& pool, input_file& input, Output& output, const options& chosen) {
  const int level = chosen.level;
  const std::size_t window = 8 + 4 * chosen.workers;  // enough for every worker while this thread waits for a disk
  progress shown(input.size(), chosen.quiet ? visibility::hidden : visibility::shown);
  block_reader blocks(input);
  gzip_trailer trailer;

  output.write(gzip_header(original_of(input), level));
  const auto deflate = [level](block_ptr b) { return compressed(std::move(b), level); };
  for (auto&& done : workpool::map(pool, blocks, deflate, {.window = window})) {
    output.write(done->packed());
    trailer.add(*done);
    shown.advance(done->data_used);
    blocks.recycle(std::move(done));
  }
  output.write(trailer.bytes());
}

}  // namespace parallel_gzip
