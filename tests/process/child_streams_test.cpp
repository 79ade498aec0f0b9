#include <workpool/process/child_streams.hpp>

#include "support/catch.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/detail/posix/pipe.hpp>

using namespace workpool::detail;

namespace {

/// A worker that is played by the test.
struct played_worker {
  explicit played_worker(child_text text = child_text::wanted)
      : streams(5, 2, text, {std::move(out.reading), std::move(err.reading), std::move(report.reading)}) {
    REQUIRE((watching && out.writing && err.writing && report.writing));
    REQUIRE(streams.watch(watching));
  }

  std::string read(child_stream stream) { return std::string(streams.read(stream, room, watching)); }
  std::string ahead(child_stream stream) { return streams.take_ahead(stream).text; }

  std::set<std::uint64_t> ready() {
    std::array<poll_event, 8> happened;
    std::set<std::uint64_t> tokens;
    for (const poll_event& one : watching.wait(happened, poller::time_point{})) tokens.insert(one.token);
    return tokens;
  }

  poller watching = poller::make();
  pipe_ends out = pipe_ends::make(), err = pipe_ends::make(), report = pipe_ends::make();
  std::array<char, 65536> room{};
  child_streams streams;
};

void say(const unique_fd& to, std::string_view text) {
  REQUIRE(::write(to.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

}  // namespace

TEST_CASE("each pipe of a worker is told with a token of its own") {
  played_worker worker;
  CHECK(worker.ready().empty());
  say(worker.out.writing, "a");
  say(worker.report.writing, "b");
  CHECK(worker.ready() == std::set<std::uint64_t>{20, 22});
  say(worker.err.writing, "c");
  CHECK(worker.ready() == std::set<std::uint64_t>{20, 21, 22});
}

TEST_CASE("what is read is delivered, the end of standard error and the report are kept, and standard output is not") {
  played_worker worker;
  say(worker.out.writing, "to out\n");
  say(worker.err.writing, "to err\n");
  say(worker.report.writing, "signal 11");
  CHECK(worker.read(child_stream::out) == "to out\n");
  CHECK(worker.read(child_stream::out).empty());
  CHECK(worker.read(child_stream::err) == "to err\n");
  CHECK(worker.read(child_stream::report).empty());
  CHECK(worker.streams.tail() == "to err\n");
  CHECK(worker.streams.report() == "signal 11");
}

TEST_CASE("what is dropped is read all the same, and its tail is kept") {
  played_worker worker(child_text::dropped);
  say(worker.out.writing, "to out\n");
  say(worker.err.writing, "to err\n");
  CHECK(worker.read(child_stream::err).empty());
  worker.streams.drain();
  CHECK(worker.ready().empty());
  CHECK(worker.ahead(child_stream::out).empty());
  CHECK(worker.ahead(child_stream::err).empty());
  CHECK(worker.streams.tail() == "to err\n");
  CHECK(worker.streams.lost() == 0);
}

TEST_CASE("what was drained is delivered before what is read later") {
  played_worker worker;
  say(worker.err.writing, "one ");
  worker.streams.drain();
  say(worker.err.writing, "two ");
  CHECK(worker.streams.tail() == "one ");
  CHECK(worker.read(child_stream::err).empty());
  worker.streams.drain();
  say(worker.err.writing, "three");
  CHECK(worker.ahead(child_stream::err) == "one two ");
  CHECK(worker.read(child_stream::err) == "three");
  CHECK(worker.streams.tail() == "one two three");
}

TEST_CASE("a report above 16 KiB keeps its beginning, and the rest is read all the same") {
  played_worker worker;
  const std::string beginning(child_streams::longest_report - 1, 'a');
  say(worker.report.writing, beginning);
  worker.streams.drain();
  say(worker.report.writing, "bcd");
  CHECK(worker.read(child_stream::report).empty());
  CHECK(worker.streams.report() == beginning + "b");
  CHECK(worker.ready().empty());
}

TEST_CASE("what nobody takes is kept up to 1 MiB, the rest is counted, and the tail is right nevertheless") {
  played_worker worker;
  const std::string piece(32768, 'x');
  for (std::size_t kept = 0; kept < child_streams::most_ahead; kept += piece.size()) {
    say(worker.err.writing, piece);
    worker.streams.drain();
  }
  CHECK(worker.streams.lost() == 0);
  say(worker.err.writing, piece + "the end");
  worker.streams.drain();
  CHECK(worker.streams.lost() == piece.size() + 7);
  CHECK(worker.ahead(child_stream::err).size() == child_streams::most_ahead);
  const std::string tail = worker.streams.tail();
  CHECK(tail.substr(tail.size() - 8) == "xthe end");
}

TEST_CASE("a drain takes what is there and does not wait for a grandchild that holds the pipe") {
  played_worker worker;
  const unique_fd grandchild(::dup(worker.err.writing.get()));
  say(worker.err.writing, "last words");
  worker.err.writing.reset();
  worker.streams.drain();
  CHECK(worker.streams.tail() == "last words");
  const child_streams::ahead ahead = worker.streams.take_ahead(child_stream::err);
  CHECK(ahead.text == "last words");
  CHECK_FALSE(ahead.last);
}

TEST_CASE("a pipe whose last writer has gone is over once it is read, and not told again") {
  played_worker worker;
  say(worker.out.writing, "bye");
  worker.out.writing.reset();
  CHECK(worker.read(child_stream::out) == "bye");
  CHECK_FALSE(worker.streams.take_ahead(child_stream::out).last);
  CHECK(worker.ready() == std::set<std::uint64_t>{20});
  CHECK(worker.read(child_stream::out).empty());
  CHECK(worker.streams.take_ahead(child_stream::out).last);
  CHECK(worker.ready().empty());
  CHECK_FALSE(worker.streams.take_ahead(child_stream::err).last);
}

TEST_CASE("closing reads what is there, and who writes afterwards is told") {
  played_worker worker;
  say(worker.out.writing, "half a line");
  say(worker.report.writing, "signal 6");
  worker.streams.close(worker.watching);
  const child_streams::ahead ahead = worker.streams.take_ahead(child_stream::out);
  CHECK(ahead.text == "half a line");
  CHECK(ahead.last);
  CHECK(worker.streams.report() == "signal 6");
  CHECK(worker.ready().empty());
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  const auto wrote = ::write(worker.out.writing.get(), "x", 1);
  const int reason = errno;
  ::signal(SIGPIPE, before);
  CHECK(wrote == -1);
  CHECK(reason == EPIPE);
  worker.streams.close(worker.watching);
  CHECK(worker.streams.take_ahead(child_stream::out).last);
}

TEST_CASE("a muted pipe is not told, its end at most once, and everything again when it is not muted any more") {
  played_worker worker;
  worker.streams.mute(child_stream::out, worker.watching);
  say(worker.out.writing, "x");
  CHECK(worker.ready().empty());
  worker.out.writing.reset();
  worker.ready();
  worker.streams.mute(child_stream::out, worker.watching);
  CHECK(worker.ready().empty());
  worker.streams.unmute(child_stream::out, worker.watching);
  CHECK(worker.ready() == std::set<std::uint64_t>{20});
  CHECK(worker.ready() == std::set<std::uint64_t>{20});
  worker.streams.close(worker.watching);
  worker.streams.unmute(child_stream::out, worker.watching);
  CHECK(worker.ready().empty());
}

TEST_CASE("a mark is reached when what was in the pipe then has been taken to be delivered, whoever read it") {
  played_worker worker;
  worker.streams.mark(child_stream::out);
  CHECK(worker.streams.reached_mark(child_stream::out));
  say(worker.out.writing, "one");
  CHECK(worker.streams.reached_mark(child_stream::out));
  worker.streams.mark(child_stream::out);
  CHECK_FALSE(worker.streams.reached_mark(child_stream::out));
  say(worker.out.writing, "two");
  worker.streams.drain();
  CHECK_FALSE(worker.streams.reached_mark(child_stream::out));
  worker.ahead(child_stream::out);
  CHECK(worker.streams.reached_mark(child_stream::out));
  say(worker.out.writing, "three");
  worker.streams.mark(child_stream::out);
  worker.read(child_stream::out);
  CHECK(worker.streams.reached_mark(child_stream::out));
}

TEST_CASE("a worker without pipes says nothing, and is over from the beginning") {
  poller watching = poller::make();
  child_streams streams(1, 0, child_text::wanted, {});
  CHECK(streams.watch(watching));
  streams.drain();
  CHECK(streams.take_ahead(child_stream::out).last);
  CHECK(streams.reached_mark(child_stream::err));
  CHECK(streams.tail().empty());
  CHECK(streams.report().empty());
}

TEST_CASE("a pipe that cannot be watched is refused") {
  poller none;
  pipe_ends out = pipe_ends::make();
  REQUIRE(out);
  child_streams streams(1, 0, child_text::wanted, {std::move(out.reading), unique_fd(), unique_fd()});
  CHECK_FALSE(streams.watch(none));
  CHECK(errno == EBADF);
}
