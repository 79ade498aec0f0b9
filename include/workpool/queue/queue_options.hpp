#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>

namespace workpool { inline namespace v0 {

/// What happens to a task that finds the queue full.
enum class on_full : std::uint8_t {
  block,        // the submitter waits for room, at most block_for
  reject,       // it is refused: queue_full
  caller_runs,  // the submitter runs it itself (threads only)
  drop_oldest   // the oldest waiting task of the lowest non-empty lane ends `discarded` and makes room
};

struct queue_options {
  std::size_t capacity = 0;                    // waiting tasks, all lanes together; 0: unbounded
  workpool::on_full on_full = on_full::block;  //
  std::optional<duration> block_for{};         // none: no limit; 0 or less: refuses at once
  unsigned aging = 61;                         // every so many picks the lowest lane is looked at first; 0: never
  bool fifo = false;                           // exact order over all submitters of a lane, at the price of speed
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const queue_options& checked(const queue_options& options) {
  const auto policy = static_cast<unsigned>(options.on_full);
  if (policy > static_cast<unsigned>(on_full::drop_oldest)) {
    throw bad_config("queue.on_full", "queue.on_full is " + std::to_string(policy) +
                                          ": use on_full::block, reject, caller_runs or drop_oldest");
  }
  return options;
}

/// What became of a pushed element. A refused one is left untouched in the caller's hands.
enum class push_status : std::uint8_t { accepted, full, closed };

}}  // namespace workpool::v0
