#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/resilience/breaker_machine.hpp>
#include <workpool/resilience/circuit_breaker_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The breaker of a pool whose workers cannot live, as a pure machine: open from the moment in which the last slot has
/// failed; after open_for one worker is started to find out, and when that answers all are.
/// Threads: one at a time. Throws: bad_config from the constructor.
class crew_breaker {
 public:
  explicit crew_breaker(const std::optional<circuit_breaker_options>& options)
      : machine_(with_threshold_of_one(options)) {}

  bool is_open() const noexcept { return open_; }
  /// Whether a worker was started to find out, and has not answered yet.
  bool is_probing() const noexcept { return probe_.has_value(); }
  /// When probe() is to be called; time_point::max(): never.
  time_point deadline() const noexcept { return open_ && !is_probing() ? machine_.opens_until() : time_point::max(); }

  /// The last slot has failed. Gives: whether that is news.
  bool open(time_point now) noexcept {
    if (std::exchange(open_, true)) return false;
    if (const auto call = machine_.acquire(now)) machine_.record(*call, call_result::failure, {}, now);
    return true;
  }
  /// The deadline has passed. Gives: whether a worker is to be started.
  bool probe(time_point now) noexcept {
    probe_ = machine_.acquire(now);
    return probe_.has_value();
  }
  void probe_failed(time_point now) noexcept {
    if (probe_) machine_.record(*probe_, call_result::failure, {}, now);
    probe_.reset();
  }
  /// A worker has answered. Gives: whether that is news.
  bool close(time_point now) noexcept {
    machine_.reset(now);
    probe_.reset();
    return std::exchange(open_, false);
  }

 private:
  // What is counted here is that the last slot has failed, and once is enough; so is one worker that lives.
  static circuit_breaker_options with_threshold_of_one(const std::optional<circuit_breaker_options>& options) {
    circuit_breaker_options one = options.value_or(circuit_breaker_options{});
    one.failure_threshold = 1;
    one.half_open_probes = 1;
    one.max_half_open = duration::max();  // a worker that does not answer has a limit of its own
    return one;
  }

  breaker_machine machine_;
  std::optional<std::uint64_t> probe_{};  // the call of the machine that stands for it
  bool open_ = false;
};

}}}  // namespace workpool::v0::detail
