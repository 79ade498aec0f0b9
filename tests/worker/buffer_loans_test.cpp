#include <workpool/worker/buffer_loans.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>

namespace wp = workpool;
using wp::frame_header;
using wp::frame_kind;
using wp::detail::buffer_loans;
using wp::detail::buffer_note;
using wp::detail::buffer_place;
using wp::detail::carried_buffers;
using wp::detail::sparse_memory;

namespace {

/// A worker, and a host that answers at once.
struct borrower {
  std::vector<frame_header> said;
  wp::detail::buffer_mail mail;
  buffer_place next{1, 0, 100};
  bool refuses = false;
  buffer_loans loans{sparse_memory::make(100 * sparse_memory::page()), mail, [this](const frame_header& one) {
                       said.push_back(one);
                       if (one.kind != frame_kind::buffer_wanted) return;
                       if (refuses) return mail.answer("no room");
                       mail.answer(next);
                     }};
};

bool is_return(const frame_header& one, std::uint64_t id, std::uint32_t times) {
  return one.kind == frame_kind::buffer_returned && one.task == id && one.attempt == times;
}

}  // namespace

TEST_CASE("a buffer that was sent several times is returned once, with how often that was, when nobody has it") {
  borrower here;
  auto one = here.loans.arrived({5, 0, 10});
  auto again = here.loans.arrived({5, 0, 10});
  CHECK(one == again);
  one = {};
  CHECK(here.said.empty());
  again = {};
  REQUIRE(here.said.size() == 1);
  CHECK(is_return(here.said[0], 5, 2));
  one = here.loans.arrived({5, 0, 10});
  one = {};
  REQUIRE(here.said.size() == 2);
  CHECK(is_return(here.said[1], 5, 1));
}

TEST_CASE("what a task lets go of is returned with its answer, and what it gives ends with that") {
  borrower here;
  here.loans.begin_task();
  here.loans.arrived({5, 0, 10}) = {};
  carried_buffers gives(here.loans.memory());
  gives.add(here.loans.arrived({6, 4096, 10}));
  const std::vector<buffer_note> notes = here.loans.end_task(gives);
  REQUIRE(notes.size() == 2);
  CHECK((notes[0].id == 6 && notes[0].times == 1 && notes[0].given == 1));
  CHECK((notes[1].id == 5 && notes[1].times == 1 && notes[1].given == 0));
  gives = {};
  CHECK(here.said.empty());
}

TEST_CASE("what a task gives and somebody else here still has is not returned until that is over") {
  borrower here;
  here.loans.begin_task();
  auto kept = here.loans.arrived({6, 4096, 10});
  carried_buffers gives(here.loans.memory());
  gives.add(kept);
  const std::vector<buffer_note> notes = here.loans.end_task(gives);
  REQUIRE(notes.size() == 1);
  CHECK((notes[0].times == 0 && notes[0].given == 1));
  gives = {};
  CHECK(here.said.empty());
  kept = {};
  REQUIRE(here.said.size() == 1);
  CHECK(is_return(here.said[0], 6, 1));
}

TEST_CASE("what a task has let go of is returned before it asks for more") {
  borrower here;
  here.loans.begin_task();
  here.loans.arrived({5, 0, 10}) = {};
  CHECK(here.said.empty());
  const auto made = here.loans.make(100);
  REQUIRE(here.said.size() == 2);
  CHECK(is_return(here.said[0], 5, 1));
  CHECK(here.said[1].kind == frame_kind::buffer_wanted);
}

TEST_CASE("a new buffer is asked for, is zeros, and is returned like any other") {
  borrower here;
  CHECK_FALSE(here.loans.make(0));
  CHECK(here.said.empty());
  auto made = here.loans.make(100);
  REQUIRE(here.said.size() == 1);
  CHECK((here.said[0].kind == frame_kind::buffer_wanted && here.said[0].task == 100));
  CHECK(made.size() == 100);
  CHECK(made.span()[99] == std::byte{});
  made = {};
  REQUIRE(here.said.size() == 2);
  CHECK(is_return(here.said[1], 1, 1));
  here.refuses = true;
  CHECK_THROWS_AS(here.loans.make(100), wp::message_too_large);
}
