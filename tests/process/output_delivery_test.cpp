#include <workpool/process/output_delivery.hpp>

#include "support/catch.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/pipe_reading.hpp>

using workpool::child_output;
using workpool::worker_id;
using namespace workpool::detail;

namespace {

std::string read_all(const unique_fd& from) {
  std::string text;
  std::array<char, 4096> room{};
  for (;;) {
    const read_result got = read_now(from.get(), room);
    if (got.state != read_state::some) return text;
    text.append(room.data(), got.size);
  }
}

struct fake_host {
  host_descriptors descriptors() const { return {out.writing.get(), err.writing.get()}; }

  pipe_ends out = pipe_ends::make(), err = pipe_ends::make();
};

}  // namespace

TEST_CASE("forwarded lines of two workers are never mixed, and each stream goes to its own descriptor") {
  const fake_host host;
  output_delivery delivery(child_output::forward, {}, host.descriptors());
  output_lines first, second;
  delivery.deliver(1, 0, first, "first begins");
  delivery.deliver(2, 0, second, "second begins");
  CHECK(read_all(host.out.reading).empty());
  delivery.deliver(1, 0, first, " and ends\nfirst again\nfirst is");
  delivery.deliver(2, 1, second, "an error\n");
  delivery.deliver(2, 0, second, " and ends\n");
  delivery.finish(1, 0, first);
  CHECK(read_all(host.out.reading) == "first begins and ends\nfirst again\nsecond begins and ends\nfirst is\n");
  CHECK(read_all(host.err.reading) == "an error\n");
}

TEST_CASE("captured lines reach the handler with their worker and stream, and nothing is forwarded") {
  const fake_host host;
  std::vector<std::string> seen;
  const auto note = [&](worker_id worker, int stream, std::string_view line) {
    seen.push_back(std::to_string(worker) + "/" + std::to_string(stream) + " " + std::string(line));
  };
  output_delivery delivery(child_output::capture, note, host.descriptors());
  output_lines lines;
  delivery.deliver(7, 0, lines, "one\ntwo");
  delivery.deliver(7, 1, lines, "oh\n");
  delivery.finish(7, 0, lines);
  delivery.finish(7, 1, lines);
  CHECK(seen == std::vector<std::string>{"7/1 one", "7/2 oh", "7/1 two"});
  CHECK(read_all(host.out.reading).empty());
  CHECK(read_all(host.err.reading).empty());
}

TEST_CASE("what a handler throws is counted, and the next line comes all the same") {
  int calls = 0;
  const auto moody = [&](worker_id, int, std::string_view) {
    if (++calls % 2 == 1) throw std::runtime_error("not now");
  };
  output_delivery delivery(child_output::capture, moody);
  output_lines lines;
  delivery.deliver(7, 0, lines, "one\ntwo\nthree\nfour");
  delivery.finish(7, 0, lines);
  CHECK(calls == 4);
  CHECK(delivery.faults() == 2);
}

TEST_CASE("capture without a handler drops, and so does everything once it is silenced") {
  output_delivery nobody(child_output::capture, {});
  output_lines lines;
  nobody.deliver(1, 0, lines, "x\n");
  CHECK(nobody.faults() == 0);
  int calls = 0;
  output_delivery delivery(child_output::capture, [&](worker_id, int, std::string_view) { ++calls; });
  delivery.deliver(1, 0, lines, "x\n");
  delivery.silence();
  delivery.deliver(1, 0, lines, "x\n");
  CHECK(calls == 1);
}

TEST_CASE("a host that does not read one stream is full for that one only, until it reads") {
  const fake_host host;
  output_delivery delivery(child_output::forward, {}, host.descriptors());
  output_lines lines;
  const std::string line(99, 'x');
  while (!delivery.full(0)) delivery.deliver(1, 0, lines, line + "\n");
  CHECK(delivery.any_full());
  CHECK_FALSE(delivery.full(1));
  const auto given = delivery.added();
  CHECK_FALSE(delivery.passed_on(given));
  const std::string first = read_all(host.out.reading);
  const event_fd quiet = event_fd::make();
  delivery.await_host(quiet.get());
  delivery.write_out();
  CHECK_FALSE(delivery.any_full());
  CHECK(delivery.passed_on(given));
  const std::string all = first + read_all(host.out.reading);
  CHECK(all.size() == given[0]);
  CHECK(all.size() % 100 == 0);
}

TEST_CASE("what a host has not taken when it is given up is counted") {
  const fake_host host;
  output_delivery delivery(child_output::forward, {}, host.descriptors());
  output_lines lines;
  while (!delivery.full(1)) delivery.deliver(1, 1, lines, "0123456789\n");
  CHECK(delivery.lost() == 0);
  delivery.abandon();
  CHECK(delivery.lost() == 11);
  CHECK_FALSE(delivery.any_full());
}

TEST_CASE("only forward and capture want the text") {
  CHECK(output_delivery(child_output::forward, {}).wants_text());
  CHECK(output_delivery(child_output::capture, {}).wants_text());
  CHECK_FALSE(output_delivery(child_output::discard, {}).wants_text());
  CHECK_FALSE(output_delivery(child_output::inherit, {}).wants_text());
}
