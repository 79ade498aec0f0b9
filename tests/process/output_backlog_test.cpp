#include <workpool/process/output_backlog.hpp>

#include "support/catch.hpp"

#include <array>
#include <string>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/pipe_reading.hpp>

using namespace workpool::detail;

namespace {

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> room{};
  for (;;) {
    const read_result got = read_now(descriptor, room);
    if (got.state != read_state::some) return text;
    text.append(room.data(), got.size);
  }
}

}  // namespace

TEST_CASE("lines reach the host in order, each with its newline") {
  const pipe_ends host = pipe_ends::make();
  REQUIRE(host);
  output_backlog backlog(host.writing.get());
  backlog.add_line("one");
  backlog.add_line("");
  backlog.add_line("three");
  CHECK(backlog.added() == 11);
  CHECK(backlog.passed_on() == 0);
  backlog.write_out();
  CHECK(backlog.passed_on() == 11);
  CHECK_FALSE(backlog.full());
  CHECK(read_all(host.reading.get()) == "one\n\nthree\n");
}

TEST_CASE("a host that does not read gets the rest later, nothing twice and nothing never") {
  const pipe_ends host = pipe_ends::make();
  REQUIRE(host);
  output_backlog backlog(host.writing.get());
  std::string expected, seen;
  for (int n = 0; n < 40'000; ++n) {
    const std::string line = "line " + std::to_string(n);
    backlog.add_line(line);
    expected += line + "\n";
  }
  backlog.write_out();
  CHECK(backlog.full());
  CHECK(backlog.passed_on() < backlog.added());
  while (backlog.full()) {
    seen += read_all(host.reading.get());
    backlog.write_out();
  }
  seen += read_all(host.reading.get());
  CHECK(seen == expected);
  CHECK(backlog.passed_on() == expected.size());
  CHECK(backlog.lost() == 0);
}

TEST_CASE("a host that never reads costs no more than the limit, and what did not fit is counted") {
  const pipe_ends host = pipe_ends::make();
  REQUIRE(host);
  output_backlog backlog(host.writing.get());
  const std::string line(9'999, 'x');
  for (int n = 0; n < 500; ++n) {
    backlog.add_line(line);
    backlog.write_out();
  }
  CHECK(backlog.full());
  CHECK(backlog.added() - backlog.passed_on() <= output_backlog::limit);
  CHECK(backlog.added() - backlog.passed_on() > output_backlog::limit - 10'000);
  CHECK(backlog.lost() == 500 * 10'000 - backlog.added());
  const auto left = backlog.added() - backlog.passed_on();
  const auto lost = backlog.lost();
  backlog.abandon();
  CHECK(backlog.lost() == lost + left);
  CHECK_FALSE(backlog.full());
  CHECK(backlog.passed_on() == backlog.added());
}

TEST_CASE("a host that has gone loses the text without a word") {
  pipe_ends host = pipe_ends::make();
  REQUIRE(host);
  output_backlog backlog(host.writing.get());
  host.reading.reset();
  backlog.add_line("to nobody");
  backlog.write_out();
  CHECK_FALSE(backlog.full());
  CHECK(backlog.passed_on() == backlog.added());
  CHECK(backlog.lost() == 0);
  output_backlog closed(-1);
  closed.add_line("to nobody");
  closed.write_out();
  CHECK(closed.passed_on() == closed.added());
}
