#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include <workpool/core/error.hpp>
#include <workpool/detail/posix/byte_file.hpp>
#include <workpool/detail/posix/process_image.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/worker/boost_spawner.hpp>
#include <workpool/worker/process_role.hpp>
#include <workpool/worker/spawner.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/zygote.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a program returns that was started to be something it cannot be.
inline constexpr int not_a_worker = 126;

/// The life of a process that was started as a worker of its own program image.
inline int live_as_worker(unique_fd birth_file, worker_main main) {
  constexpr std::size_t most = std::size_t{1} << 20;
  const std::optional<std::string> bytes = bytes_of(birth_file.get(), most);
  birth_file.reset();
  worker_birth birth;
  try {
    birth = decode_birth(bytes.value_or(""));
  } catch (const protocol_error& wrong) {
    std::fprintf(stderr, "workpool: this process was started as a worker, but %s\n", wrong.what());
    return not_a_worker;
  }
  for (const int one : birth.kept()) {
    if (one >= 0) set_on_exec(one, on_exec::close);
  }
  return main(birth);
}

/// worker_entry for a worker that is something else than the usual one.
inline std::optional<int> worker_entry_with(int /*argc*/, char** /*argv*/, worker_main main) {
  const assigned_role assigned = take_role();
  switch (assigned.role) {
    case process_role::zygote:
      return run_zygote(unique_fd(assigned.descriptor), main);
    case process_role::worker:
      return live_as_worker(unique_fd(assigned.descriptor), main);
    case process_role::invalid:
      std::fprintf(stderr, "workpool: %s is set, but not by workpool: unset it\n", role_variable);
      return not_a_worker;
    case process_role::none:
      break;
  }
  registered_spawner::use<boost_spawner>();
  return std::nullopt;
}

}}}  // namespace workpool::v0::detail
