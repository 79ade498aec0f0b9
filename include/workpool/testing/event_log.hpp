#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/mix64.hpp>
#include <workpool/testing/simulation.hpp>
#include <workpool/testing/simulation_options.hpp>

namespace workpool { inline namespace v0 { namespace testing {

enum class happening : std::uint8_t {
  accepted,
  refused,
  withdrawn,
  begins,
  ends,
  starts,
  ready,
  dies,
  is_killed,
  is_asked_to_stop,
  is_given_up
};

constexpr std::string_view to_string(happening what) noexcept {
  constexpr std::string_view words[] = {"accepted", "refused", "withdrawn", "begins",           "ends",       "starts",
                                        "ready",    "dies",    "is killed", "is asked to stop", "is given up"};
  return words[static_cast<std::size_t>(what)];
}

/// One of the workers of a simulation, which may have lived before.
struct worker_life {
  worker_id id;
  std::uint32_t generation;
};

inline std::string describe(worker_life one) {
  return "worker " + std::to_string(one.id) + " (life " + std::to_string(one.generation) + ')';
}

/// Writes down what happens in a simulation: folded into a fingerprint, where it is wanted as text, and what must not
/// happen always as text. Threads: one.
class event_log {
 public:
  event_log(simulation& result, simulation_options::keep keeps) noexcept : result_(result), keeps_(keeps) {}

  void note(time_point now, happening what, std::optional<worker_life> who, task_id one,
            std::optional<outcome> how) noexcept {
    fold(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    fold(static_cast<std::uint64_t>(what));
    fold(who ? (std::uint64_t{who->generation} << 32 | who->id) + 1 : 0);
    fold(one);
    if (keeps_ == simulation_options::keep::counts) return;
    try {
      std::string line = at(now);
      if (who) line += describe(*who) + ' ';
      line += to_string(what);
      if (one != 0) line += " task " + std::to_string(one);
      if (how) line.append(": ").append(workpool::to_string(*how));
      result_.history += line + '\n';
    } catch (const std::bad_alloc&) {  // the fingerprint is whole
    }
  }

  void broken(time_point now, const std::string& what) noexcept {
    if (result_.broken.size() >= most_told) return;
    try {
      result_.broken.push_back(at(now) + what);
    } catch (const std::bad_alloc&) {
    }
  }

 private:
  void fold(std::uint64_t word) noexcept { result_.fingerprint = detail::mix64(result_.fingerprint ^ word); }

  static std::string at(time_point now) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
    std::string fraction = std::to_string(1000 + ms % 1000);
    fraction.front() = '.';
    return "second " + std::to_string(ms / 1000) + fraction + ": ";
  }

  static constexpr std::size_t most_told = 20;

  simulation& result_;
  const simulation_options::keep keeps_;
};

}}}  // namespace workpool::v0::testing
