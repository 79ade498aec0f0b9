#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <workpool/config.hpp>
#include <workpool/detail/posix/process_image.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Whether the new program sees this process's environment, with some variables set, or those variables alone.
enum class environment_base : std::uint8_t { inherited, empty };

/// One program to start, without arguments. `descriptor` is open in it under the same number, -1 for none; so is
/// whatever else here is not closed on exec.
struct launch_order {
  std::string program{};
  environment_base base = environment_base::inherited;
  std::vector<std::pair<std::string, std::string>> env{};
  int descriptor = -1;
};

/// "NAME=value" for every variable the program is to see.
inline std::vector<std::string> environment_for(const launch_order& order) {
  std::vector<std::string> found;
  const auto set_anew = [&](std::string_view entry) {
    return std::any_of(order.env.begin(), order.env.end(),
                       [&](const auto& variable) { return entry.substr(0, entry.find('=')) == variable.first; });
  };
  if (order.base == environment_base::inherited) {
    for (std::string& entry : own_environment()) {
      if (!set_anew(entry)) found.push_back(std::move(entry));
    }
  }
  for (const auto& [name, value] : order.env) found.push_back(name + "=" + value);
  return found;
}

/// error is an errno, 0 when the program runs.
struct launched {
  int pid = -1;
  int error = 0;
};

/// Starts programs as children of this process, and never waits for them: Spawner::launch(order).
/// Threads: one at a time. Blocks: until the program runs, or cannot.
template <class Spawner>
concept spawner = requires(const launch_order& order) {
  { Spawner::launch(order) } -> std::same_as<launched>;
};

/// The spawner of this process: there is one when worker_entry ran in main, and a program started from /proc/self/exe
/// will find its role there.
class registered_spawner {
 public:
  using launch_function = launched (*)(const launch_order&);

  template <spawner Spawner>
  static void use() noexcept {
    slot().store(&Spawner::launch, std::memory_order_release);
  }
  /// nullptr: none.
  static launch_function get() noexcept { return slot().load(std::memory_order_acquire); }

 private:
  WORKPOOL_ONE_PER_PROCESS static std::atomic<launch_function>& slot() noexcept {
    static std::atomic<launch_function> registered{nullptr};
    return registered;
  }
};

}}}  // namespace workpool::v0::detail
