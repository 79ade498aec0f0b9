#include <workpool/detail/posix/alternate_stack.hpp>

#include "support/catch.hpp"

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

using workpool::detail::alternate_stack;
using workpool::detail::use_alternate_stack;

namespace {

stack_t present() {
  stack_t stack{};
  ::sigaltstack(nullptr, &stack);
  return stack;
}

bool there(const stack_t& stack) { return (stack.ss_flags & SS_DISABLE) == 0; }

/// Whether the thread has none of its own; a sanitizer gives one to every thread.
bool disable() {
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  return ::sigaltstack(&none, nullptr) == 0;
}

template <class Work>
void in_a_thread(Work work) {
  std::thread(work).join();
}

std::uintptr_t seen_at = 0;
void look(int) { seen_at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

}  // namespace

TEST_CASE("a thread has an alternate stack while it lives, and none afterwards") {
  bool before = true, good = false, during = false, after = true;
  std::size_t size = 0;
  in_a_thread([&] {
    if (!disable()) return;
    before = there(present());
    {
      const alternate_stack mine;
      good = mine.good();
      during = there(present());
      size = present().ss_size;
    }
    after = there(present());
  });
  CHECK_FALSE(before);
  CHECK(good);
  CHECK(during);
  CHECK(size >= 65536);
  CHECK_FALSE(after);
}

TEST_CASE("handlers that ask for it run on the alternate stack, down to its last byte") {
  bool within = false;
  in_a_thread([&] {
    if (!disable()) return;
    const alternate_stack mine;
    const stack_t where = present();
    *static_cast<volatile char*>(where.ss_sp) = 1;
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = look;
    action.sa_flags = SA_ONSTACK;
    ::sigaction(SIGUSR2, &action, &before);
    ::pthread_kill(::pthread_self(), SIGUSR2);
    ::sigaction(SIGUSR2, &before, nullptr);
    const auto low = reinterpret_cast<std::uintptr_t>(where.ss_sp);
    within = seen_at >= low && seen_at < low + where.ss_size;
  });
  CHECK(within);
}

TEST_CASE("a thread keeps a larger alternate stack, and a smaller one is replaced") {
  bool kept = false, replaced = false;
  in_a_thread([&] {
    if (!disable()) return;
    std::vector<char> room(2 * alternate_stack::size());
    stack_t theirs{};
    theirs.ss_sp = room.data();
    theirs.ss_size = room.size();
    ::sigaltstack(&theirs, nullptr);
    {
      const alternate_stack mine;
      kept = mine.good() && present().ss_sp == room.data();
    }
    kept = kept && there(present()) && present().ss_sp == room.data();
    theirs.ss_size = alternate_stack::size() / 2;
    ::sigaltstack(&theirs, nullptr);
    {
      const alternate_stack mine;
      replaced = mine.good() && present().ss_sp != room.data() && present().ss_size == alternate_stack::size();
    }
    disable();
  });
  CHECK(kept);
  CHECK(replaced);
}

TEST_CASE("whoever takes another alternate stack meanwhile keeps it") {
  bool kept = false;
  in_a_thread([&] {
    if (!disable()) return;
    std::vector<char> room(alternate_stack::size());
    {
      const alternate_stack mine;
      stack_t theirs{};
      theirs.ss_sp = room.data();
      theirs.ss_size = room.size();
      ::sigaltstack(&theirs, nullptr);
    }
    kept = present().ss_sp == room.data();
    disable();
  });
  CHECK(kept);
}

TEST_CASE("a thread that asks for an alternate stack twice has one, and another thread has another") {
  bool good = false, same = false;
  const void* first = nullptr;
  const void* second = nullptr;
  in_a_thread([&] {
    if (!disable()) return;
    good = use_alternate_stack();
    first = present().ss_sp;
    same = use_alternate_stack() && present().ss_sp == first;
    in_a_thread([&] {
      if (disable() && use_alternate_stack()) second = present().ss_sp;
    });
    disable();
  });
  CHECK(good);
  CHECK(same);
  REQUIRE(second != nullptr);
  CHECK(first != second);
}
