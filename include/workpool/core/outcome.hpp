#pragma once

#include <cstdint>
#include <string_view>

namespace workpool { inline namespace v0 {

/// How an accepted task ended. Each ends in exactly one of these ways.
enum class outcome : std::uint8_t { value, failed, cancelled, expired, timed_out, worker_lost, discarded, pool_broken };

/// What cancelling a task did: it left the queue and never runs; it is running and was asked to stop; it had ended.
enum class cancel_result : std::uint8_t { dequeued, stop_requested, too_late };

constexpr std::string_view to_string(outcome end) noexcept {
  switch (end) {
    case outcome::value:
      return "value";
    case outcome::failed:
      return "failed";
    case outcome::cancelled:
      return "cancelled";
    case outcome::expired:
      return "expired";
    case outcome::timed_out:
      return "timed_out";
    case outcome::worker_lost:
      return "worker_lost";
    case outcome::discarded:
      return "discarded";
    case outcome::pool_broken:
      return "pool_broken";
  }
  return "invalid";
}

constexpr std::string_view to_string(cancel_result result) noexcept {
  switch (result) {
    case cancel_result::dequeued:
      return "dequeued";
    case cancel_result::stop_requested:
      return "stop_requested";
    case cancel_result::too_late:
      return "too_late";
  }
  return "invalid";
}

}}  // namespace workpool::v0
