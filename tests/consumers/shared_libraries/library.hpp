#pragma once
#include <workpool/pool.hpp>

/// What the two libraries show of themselves; all else is hidden. Their code is the same but for this and a number.
struct library {
  const char* name;
  int number;
  /// What checks.hpp has, with pools of its own. Gives: how many checks are right.
  int (*check_own_pools)();
  int (*add_number)(int);
  /// Sends a task of its own to a pool of somebody else, and waits for it. Gives: 1 + its number.
  int (*ask_threads)(workpool::thread_pool&);
  int (*ask_children)(workpool::fork_pool&);
  /// Whether the calling thread runs a task, of whichever pool.
  bool (*is_inside_a_task)();
  void (*wait_for)(const workpool::future<void>&);
};

[[gnu::visibility("default")]] const library& first();
[[gnu::visibility("default")]] const library& second();
