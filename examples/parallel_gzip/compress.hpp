#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <workpool/pool.hpp>

#include "block.hpp"
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

/// Where the blocks of a pool lie, and what is to be said of the task for one.
inline auto memory_for(workpool::thread_pool&) {
  return [] { return std::make_unique_for_overwrite<unsigned char[]>(block<own_memory>::room_size); };
}
inline auto memory_for(workpool::fork_pool& pool) {
  return [&pool] { return pool.make_buffer(block<workpool::shared_buffer>::room_size); };
}
inline std::optional<workpool::task_options> each_of(workpool::thread_pool&) { return std::nullopt; }
/// A worker that dies costs the time of a block.
inline std::optional<workpool::task_options> each_of(workpool::fork_pool&) {
  return workpool::task_options{.name = "block", .retry = {.max_attempts = 3, .on_worker_lost = true}};
}

/// Compresses the input to one gzip member on `output`, which has `write(bytes)`.
///
///     input ──blocks──► map: the pool's workers compress, `window` blocks ahead at most ──in order──► output
///
/// This thread only reads and writes. Worker processes work on memory that they share with this one.
/// Throws: what reading and writing throw; blocks that no worker has begun are then dropped.
/// Memory: bounded by the window, whatever the size of the input.
template <class Pool, class Output>
void compress(Pool& pool, input_file& input, Output& output, const options& chosen) {
  const std::size_t window = 8 + 4 * chosen.workers;  // enough for every worker while this thread waits for a disk
  progress shown(input.size(), chosen.quiet ? visibility::hidden : visibility::shown);
  block_reader blocks(input, chosen.level, memory_for(pool));
  gzip_trailer trailer;

  output.write(gzip_header(original_of(input), chosen.level));
  using block_type = typename decltype(blocks)::block_type;
  const auto deflate = [](block_type b) { return compressed(std::move(b)); };
  for (auto&& done : workpool::map(pool, blocks, deflate, {.window = window, .each = each_of(pool)})) {
    output.write(done.packed());
    trailer.add(done.is);
    shown.advance(done.is.data_used);
    blocks.recycle(std::move(done));
  }
  output.write(trailer.bytes());
}

}  // namespace parallel_gzip
