#include <workpool/worker/call_frame.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/ipc/code_locator.hpp>

#include "support/eventually.hpp"
#include "support/fake_link.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using namespace wp::detail;
using workpool_test::encoded;
using byte_vector = std::vector<std::byte>;

namespace {

/// Enters a call as a worker would. Gives: the answer.
byte_vector enter(call_entry entry, const byte_vector& request, bool stopped = false, std::size_t most = 4096) {
  workpool_test::probe_log log;
  workpool_test::probe_task self(log);
  self.begin_for_another(0);
  if (stopped) self.cancel();
  byte_vector answer;
  wp::byte_reader in(request);
  wp::byte_writer out(answer, most);
  code_resolver code;
  call_mark mark;
  std::uint64_t calls = 0;
  call_run run(mark, calls, 0, self);
  call_frame call{in, out, self, code, run};
  entry(call);
  return answer;
}

/// Enters a call that the clock has not cut: a run is over after a millisecond, also of a thread that is off its core.
byte_vector enter_in_time(call_entry entry, const byte_vector& request) {
  byte_vector answer;
  const bool in_time = workpool_test::eventually([&] {
    const auto begin = wp::steady::now();
    answer = enter(entry, request);
    return wp::steady::now() - begin < std::chrono::milliseconds(1);
  });
  REQUIRE(in_time);
  return answer;
}

byte_vector place_of(const void* function) {
  code_locator locator;
  byte_vector bytes;
  wp::byte_writer out(bytes, 4096);
  write_code(out, locator.locate(function));
  return bytes;
}

byte_vector joined(byte_vector left, const byte_vector& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

template <class T>
byte_vector raw(const T& value) {
  byte_vector bytes;
  wp::byte_writer(bytes, sizeof value).write_raw(value);
  return bytes;
}
byte_vector part(std::uint64_t first, std::uint64_t count) { return raw(part_of_bulk{first, count, 0}); }
byte_vector made(std::uint64_t count, bool last_is_cancelled) {
  return raw(calls_made{count, last_is_cancelled ? 1U : 0U});
}

int sum(int left, int right) { return left + right; }
int calls = 0;
void count_call() { ++calls; }

struct adder {
  int operator()(int left, int right) const { return left + right; }
};
struct stoppable {
  bool operator()(std::stop_token stop) const { return stop.stop_requested(); }
};
struct thrower {
  void operator()() const { throw std::runtime_error("from the call"); }
};
struct cancelled_at_nine {
  void operator()(std::size_t index) const {
    seen = index;
    if (index == 9) throw wp::task_cancelled("by itself");
  }
  static inline std::size_t seen = 0;
};
struct last_index {
  std::string operator()(std::size_t index) const {
    seen = index;
    return "dropped";
  }
  inline static std::size_t seen = 0;
};
struct stoppable_index {
  void operator()(std::stop_token stop, std::size_t index) const {
    last_index::seen = stop.stop_requested() ? index : 0;
  }
};

}  // namespace

TEST_CASE("a call of a type decodes its arguments and encodes what it gives") {
  CHECK(enter(&enter_call<adder, int, int>, encoded(40, 2)) == encoded(42));
}

TEST_CASE("a call of a function finds it by its place before the arguments") {
  const auto request = joined(place_of(code_address(&sum)), encoded(40, 3));
  CHECK(enter(&enter_call<int (*)(int, int), int, int>, request) == encoded(43));
}

TEST_CASE("a call that gives nothing answers with nothing") {
  calls = 0;
  CHECK(enter(&enter_call<void (*)()>, place_of(code_address(&count_call))).empty());
  CHECK(calls == 1);
}

TEST_CASE("a call that wants a stop token gets that of its task") {
  CHECK(enter(&enter_call<stoppable>, {}, false) == encoded(false));
  CHECK(enter(&enter_call<stoppable>, {}, true) == encoded(true));
}

TEST_CASE("arguments that are not exactly those of the call are refused, and nothing is called") {
  calls = 0;
  CHECK_THROWS_AS(enter(&enter_call<adder, int, int>, encoded(40)), wp::codec_error);
  CHECK_THROWS_AS(enter(&enter_call<adder, int, int>, encoded(40, 2, 1)), wp::codec_error);
  CHECK_THROWS_AS(enter(&enter_call<void (*)()>, joined(place_of(code_address(&count_call)), encoded(1))),
                  wp::codec_error);
  CHECK(calls == 0);
}

TEST_CASE("a function whose place is none is refused") {
  byte_vector place = place_of(code_address(&count_call));
  for (std::size_t n = 0; n < sizeof(module_id); ++n) place[n] = std::byte{0};
  CHECK_THROWS_AS(enter(&enter_call<void (*)()>, place), wp::protocol_error);
}

TEST_CASE("a result that is larger than an answer may be is too large") {
  CHECK_THROWS_AS(enter(&enter_call<adder, int, int>, encoded(1, 2), false, 3), wp::message_too_large);
}

TEST_CASE("what a call throws comes out as it is") {
  CHECK_THROWS_WITH(enter(&enter_call<thrower>, {}), "from the call");
}

TEST_CASE("a call of a bulk gets its index, and the answer is how many were made") {
  CHECK(enter(&enter_bulk_call<last_index>, part(5, 1)) == made(1, false));
  CHECK(last_index::seen == 5);
  CHECK(enter(&enter_bulk_call<stoppable_index>, part(6, 1), true) == made(1, false));
  CHECK(last_index::seen == 6);
  CHECK_THROWS_AS(enter(&enter_bulk_call<last_index>, encoded(std::size_t{5})), wp::codec_error);
}

TEST_CASE("calls of a bulk are made one after the other, and the one that says it is cancelled is the last") {
  CHECK(enter_in_time(&enter_bulk_call<cancelled_at_nine>, part(3, 4)) == made(4, false));
  CHECK(cancelled_at_nine::seen == 6);
  CHECK(enter_in_time(&enter_bulk_call<cancelled_at_nine>, part(7, 4)) == made(3, true));
  CHECK(cancelled_at_nine::seen == 9);
}
