#pragma once

#include <grp.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <unistd.h>

namespace workpool_test {

/// Makes this process, which has to be root's, one of a user who has no other: whose threads and processes are limited
/// cannot share them with a test beside it. Gives: whether that worked.
[[nodiscard]] inline bool become_another_user() {
  constexpr uid_t first = 2'000'000;
  const uid_t user = first + static_cast<uid_t>(::getpid());
  if (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0) return false;
  return ::prctl(PR_SET_DUMPABLE, 1) == 0;  // or /proc/self is not ours
}

}  // namespace workpool_test
