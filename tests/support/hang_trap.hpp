#pragma once

#include <chrono>
#include <string>

namespace workpool_test {

/// Ends a program that hangs, and says where: armed for one piece of work, it aborts the program when that has not
/// ended in time, after printing the name of the work and the stack of every thread (by gdb where installed).
///
/// It is a timer and a signal (SIGRTMAX - 2; SIGSYS under ThreadSanitizer), so that it neither adds a thread nor a
/// child to the program under test. At most one is armed at a time.
class hang_trap {
 public:
  /// The limit of one test case: WORKPOOL_TEST_LIMIT seconds (0: none) where set, else 60 s, 240 s under a sanitizer.
  static std::chrono::seconds default_limit();

  explicit hang_trap(const std::string& work, std::chrono::seconds limit = default_limit());
  ~hang_trap();
  hang_trap(const hang_trap&) = delete;
  hang_trap& operator=(const hang_trap&) = delete;
};

}  // namespace workpool_test
