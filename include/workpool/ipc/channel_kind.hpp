#pragma once
#include <cstdint>

namespace workpool { inline namespace v0 {

/// What a pool and its worker processes talk through. `socket`: works wherever there are processes. `rings`: memory
/// that both have, without a system call as long as both are awake; a thread that waits for a future takes in answers
/// itself; half a MiB for each worker. `automatic`: what the environment variable WORKPOOL_CHANNEL names, else rings.
enum class channel_kind : std::uint8_t { automatic, rings, socket };

}}  // namespace workpool::v0
