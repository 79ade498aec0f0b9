#pragma once
#include <optional>
#include <workpool/worker/entry.hpp>
#include <workpool/worker/run_worker.hpp>

namespace workpool { inline namespace v0 {

/// To be called in the first line of main, before anything that a child should not repeat:
///
///     if (auto code = workpool::worker_entry(argc, argv)) return *code;
///
/// A process that was started as a worker spends its life in here. Gives: what main is to return then; nothing in every
/// other process, and from then on fork pools can start workers from this program.
inline std::optional<int> worker_entry(int argc, char** argv) {
  return detail::worker_entry_with(argc, argv, &detail::run_worker);
}

}}  // namespace workpool::v0
