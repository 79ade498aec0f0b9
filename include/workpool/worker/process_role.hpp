#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// What a process was started to be, which its environment says: nothing of ours, a zygote, or a worker.
/// invalid: the variables are there and make no sense.
enum class process_role : std::uint8_t { none, zygote, worker, invalid };

inline constexpr const char* role_variable = "WORKPOOL_ROLE";
inline constexpr const char* role_descriptor_variable = "WORKPOOL_FD";

/// The role and the descriptor that goes with it: the master socket of a zygote, a worker's birth.
struct assigned_role {
  process_role role = process_role::none;
  int descriptor = -1;

  std::vector<std::pair<std::string, std::string>> variables() const {
    return {{role_variable, role == process_role::zygote ? "zygote" : "worker"},
            {role_descriptor_variable, std::to_string(descriptor)}};
  }
};

/// Whether nobody has taken the role yet. Threads: none may change the environment meanwhile.
inline bool role_is_waiting() noexcept { return std::getenv(role_variable) != nullptr; }

/// Takes the role out of the environment, so that it is not inherited any further.
/// Threads: none may use the environment meanwhile.
inline assigned_role take_role() {
  const char* const role = std::getenv(role_variable);
  if (role == nullptr) return {};
  const char* const number = std::getenv(role_descriptor_variable);
  const std::string_view name = role, digits = number == nullptr ? "" : number;
  assigned_role taken{process_role::invalid};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), taken.descriptor);
  const bool whole = error == std::errc() && end == digits.data() + digits.size() && taken.descriptor > 2;
  if (whole && name == "zygote") taken.role = process_role::zygote;
  if (whole && name == "worker") taken.role = process_role::worker;
  ::unsetenv(role_variable);
  ::unsetenv(role_descriptor_variable);
  return taken;
}

}}}  // namespace workpool::v0::detail
