#pragma once

#include <atomic>
#include <new>

/// Counts what a program allocates, and fails what a test wants to fail. A program that uses it is linked with
/// allocations.cpp, which replaces operator new, and with --wrap=malloc, as moodycamel's queue calls malloc.
namespace fault {

inline std::atomic<unsigned long> allocations{0};     // by every thread
inline thread_local constinit long fails_after = -1;  // of this thread's next allocations so many succeed; -1: all

/// Gives: whether `body` threw bad_alloc when every allocation after the first `succeed` of this thread fails.
template <class Body>
bool runs_out_of_memory(long succeed, Body body) {
  bool out = false;
  fails_after = succeed;
  try {
    body();
  } catch (const std::bad_alloc&) {
    out = true;
  }
  fails_after = -1;
  return out;
}

}  // namespace fault
