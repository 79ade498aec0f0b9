#include <workpool/pool/buffer_bank.hpp>

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>

namespace wp = workpool;
using wp::detail::buffer_bank;
using wp::detail::sparse_memory;

namespace {

std::uint64_t id_of(const wp::shared_buffer& one) { return one.share()->place().id; }
std::shared_ptr<buffer_bank> bank_of_pages(std::size_t count) {
  return buffer_bank::open("test", count * sparse_memory::page());
}

}  // namespace

TEST_CASE("a buffer belongs to whoever has it, here and workers, and is nobody's after the last of them") {
  const auto bank = bank_of_pages(10);
  auto one = bank->make(100);
  const std::uint64_t id = id_of(one);
  bank->lend(1, one);
  bank->lend(1, one);
  bank->lend(2, one);
  one = {};
  CHECK(bank->count() == 1);
  CHECK_FALSE(bank->returned(1, id, 3));
  CHECK(bank->returned(1, id, 1));
  CHECK(bank->returned(2, id, 1));
  CHECK_FALSE(bank->returned(2, id, 1));
  CHECK(bank->count() == 1);
  CHECK(bank->returned(1, id, 1));
  CHECK(bank->count() == 0);
  bank->sweep();
  CHECK(bank->bytes() == 0);
}

TEST_CASE("a worker gives only what it has, and what it gives is the same buffer") {
  const auto bank = bank_of_pages(10);
  auto one = bank->make(100);
  const std::uint64_t id = id_of(one);
  CHECK_FALSE(bank->given(1, id));
  CHECK_FALSE(bank->given(1, id + 1));
  bank->lend(1, one);
  CHECK(bank->given(1, id) == one);
  CHECK_FALSE(bank->given(2, id));
  one = {};
  std::optional<wp::shared_buffer> back = bank->given(1, id);
  REQUIRE(back);
  CHECK(id_of(*back) == id);
  CHECK(bank->returned(1, id, 1));
  CHECK(bank->count() == 1);
  back.reset();
  CHECK(bank->count() == 0);
}

TEST_CASE("what a worker has made is its own until it gives it, and nobody's when it has died") {
  const auto bank = bank_of_pages(10);
  const auto made = bank->make_for(1, 100), lost = bank->make_for(1, 200);
  CHECK(bank->count() == 2);
  auto given = bank->given(1, made.id);
  REQUIRE(given);
  bank->gone(1);
  bank->sweep();
  CHECK(bank->count() == 1);
  CHECK(bank->bytes() == sparse_memory::page());
  CHECK(lost.size == 200);
  given.reset();
  CHECK(bank->bytes() == 0);
}

TEST_CASE("there are no more bytes than there may be, and what was freed can be had again") {
  const auto bank = bank_of_pages(4);
  const std::size_t page = sparse_memory::page();
  std::vector<wp::shared_buffer> all;
  for (int n = 0; n < 4; ++n) all.push_back(bank->make(1));
  CHECK_THROWS_AS(bank->make(1), wp::message_too_large);
  CHECK_THROWS_AS(bank->make_for(1, 1), wp::message_too_large);
  all.pop_back();
  all.pop_back();
  CHECK(bank->make(2 * page).size() == 2 * page);
  CHECK_FALSE(bank->make(0));
  CHECK_THROWS_AS(bank->make(SIZE_MAX), wp::message_too_large);
  CHECK_THROWS_AS(bank_of_pages(0)->make(1), wp::message_too_large);
}

TEST_CASE("a buffer that is being made while a worker dies stays") {
  const auto bank = bank_of_pages(5'000);
  std::atomic<bool> over{false};
  std::thread deaths([&] {
    while (!over) bank->gone(99);
  });
  for (int turn = 0; turn < 200; ++turn) {
    const auto one = bank->make(4'000 * sparse_memory::page());
    one.span()[0] = std::byte{1};
  }
  over = true;
  deaths.join();
  CHECK(bank->count() == 0);
}

TEST_CASE("what somebody else is just giving back to the system can be had") {
  const auto bank = bank_of_pages(3'000);
  std::vector<std::thread> both;
  std::atomic<int> refused{0};
  for (int n = 0; n < 2; ++n) {
    both.emplace_back([&] {
      for (int turn = 0; turn < 200; ++turn) {
        try {
          bank->make(1'500 * sparse_memory::page());
        } catch (const wp::message_too_large&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& one : both) one.join();
  CHECK(refused == 0);
}

TEST_CASE("a fork of the host frees nothing of it") {
  const auto bank = bank_of_pages(4);
  auto one = bank->make(100);
  one.span()[0] = std::byte{7};
  const ::pid_t child = ::fork();
  if (child == 0) {
    one = {};
    bank->sweep();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(one.span()[0] == std::byte{7});
}

TEST_CASE("a buffer keeps what it lies in") {
  auto bank = bank_of_pages(4);
  auto one = bank->make(100);
  bank.reset();
  CHECK(one.span()[99] == std::byte{});
}
