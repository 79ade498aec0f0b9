#include <workpool/detail/posix/host_write.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <thread>
#include <workpool/detail/posix/event_fd.hpp>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/pipe_reading.hpp>
#include <workpool/detail/posix/socket_pair.hpp>

using namespace workpool::detail;

namespace {

std::string lines(std::size_t size) {
  std::string text;
  for (int n = 0; text.size() < size; ++n) text += "line " + std::to_string(n) + "\n";
  return text;
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> room{};
  for (;;) {
    const read_result got = read_now(descriptor, room);
    if (got.state != read_state::some) return text;
    text.append(room.data(), got.size);
  }
}

bool is_nonblocking(int descriptor) { return (::fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0; }

bool sigpipe_pending() {
  sigset_t pending;
  ::sigemptyset(&pending);
  ::sigpending(&pending);
  return ::sigismember(&pending, SIGPIPE) == 1;
}

}  // namespace

TEST_CASE("a pipe takes what fits, the rest is for later, and the pipe still blocks everybody else") {
  const pipe_ends ends = pipe_ends::make();
  REQUIRE(ends);
  const std::string text = lines(300'000);
  const host_result first = host_write(ends.writing.get(), text);
  CHECK(first.state == host_state::full);
  CHECK(first.taken > 30'000);
  CHECK(first.taken < text.size());
  CHECK(text[first.taken - 1] == '\n');
  CHECK_FALSE(is_nonblocking(ends.writing.get()));
  const host_result second = host_write(ends.writing.get(), text.substr(first.taken));
  CHECK(second.state == host_state::full);
  CHECK(read_all(ends.reading.get()) == text.substr(0, first.taken + second.taken));
  const host_result third = host_write(ends.writing.get(), "the end\n");
  CHECK(third.state == host_state::all);
  CHECK(third.taken == 8);
  CHECK(read_all(ends.reading.get()) == "the end\n");
}

TEST_CASE("a socket takes what fits, and still blocks everybody else") {
  const socket_pair ends = socket_pair::make(socket_kind::stream);
  REQUIRE(ends);
  const std::string text = lines(2'000'000);
  const host_result result = host_write(ends.left.get(), text);
  CHECK(result.state == host_state::full);
  CHECK(result.taken > 4096);
  CHECK(result.taken < text.size());
  CHECK_FALSE(is_nonblocking(ends.left.get()));
  CHECK(read_all(ends.right.get()) == text.substr(0, result.taken));
}

TEST_CASE("a terminal nobody reads is not waited for") {
  const unique_fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) SKIP("there are no terminals here");
  std::array<char, 64> name{};
  REQUIRE(::ptsname_r(master.get(), name.data(), name.size()) == 0);
  const unique_fd terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal);
  const host_result result = host_write(terminal.get(), lines(1'000'000));
  CHECK(result.state == host_state::full);
  CHECK(result.taken < 1'000'000);
  CHECK_FALSE(is_nonblocking(terminal.get()));
}

TEST_CASE("a file takes everything where its other users are") {
  std::string name = "/tmp/workpool-host-write-XXXXXX";
  const unique_fd file(::mkostemp(name.data(), O_CLOEXEC));
  REQUIRE(file);
  ::unlink(name.c_str());
  REQUIRE(::write(file.get(), "before\n", 7) == 7);
  const std::string text = lines(300'000);
  const host_result result = host_write(file.get(), text);
  CHECK(result.state == host_state::all);
  CHECK(result.taken == text.size());
  REQUIRE(::write(file.get(), "after\n", 6) == 6);
  REQUIRE(::lseek(file.get(), 0, SEEK_SET) == 0);
  std::string found(text.size() + 13, '\0');
  REQUIRE(::read(file.get(), found.data(), found.size()) == static_cast<ssize_t>(found.size()));
  CHECK(found == "before\n" + text + "after\n");
}

TEST_CASE("a reader that is gone raises no signal, and leaves none pending") {
  pipe_ends pipe = pipe_ends::make();
  socket_pair socket = socket_pair::make(socket_kind::stream);
  REQUIRE((pipe && socket));
  pipe.reading.reset();
  socket.right.reset();
  CHECK(host_write(pipe.writing.get(), "x\n").state == host_state::gone);
  CHECK_FALSE(sigpipe_pending());
  CHECK(host_write(socket.left.get(), "x\n").state == host_state::gone);
  CHECK_FALSE(sigpipe_pending());
}

TEST_CASE("a SIGPIPE that somebody else has sent stays pending") {
  bool before = false, afterwards = false;
  std::thread([&] {
    sigset_t pipe_signal;
    ::sigemptyset(&pipe_signal);
    ::sigaddset(&pipe_signal, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
    ::pthread_kill(::pthread_self(), SIGPIPE);
    before = sigpipe_pending();
    pipe_ends pipe = pipe_ends::make();
    pipe.reading.reset();
    host_write(pipe.writing.get(), "x\n");
    afterwards = sigpipe_pending();
    const timespec at_once{};
    ::sigtimedwait(&pipe_signal, nullptr, &at_once);
  }).join();
  CHECK(before);
  CHECK(afterwards);
}

TEST_CASE("a descriptor that is closed or cannot be written takes nothing") {
  const pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  CHECK(host_write(-1, "x").state == host_state::gone);
  const unique_fd read_only(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(read_only);
  CHECK(host_write(read_only.get(), "x").state == host_state::gone);
}

TEST_CASE("a piece ends with a line where one does, and only a line that is too long is cut") {
  CHECK(whole_lines("one\ntwo\n", 100) == 8);
  CHECK(whole_lines("one\ntwo\n", 7) == 4);
  CHECK(whole_lines("one\ntwo\n", 8) == 8);
  CHECK(whole_lines("one\ntwo\n", 4) == 4);
  CHECK(whole_lines("one\ntwo\n", 3) == 3);
  CHECK(whole_lines("", 3) == 0);
}

TEST_CASE("waiting for the host ends when it takes something, or when what is watched besides is readable") {
  const pipe_ends ends = pipe_ends::make();
  const event_fd bell = event_fd::make();
  REQUIRE((ends && bell));
  const std::string text = lines(300'000);
  REQUIRE(host_write(ends.writing.get(), text).state == host_state::full);
  const std::array<int, 1> full{ends.writing.get()};
  bell.ring();
  await_host(bell.get(), full);
  bell.clear();
  std::jthread reader([&] {
    std::array<char, 65536> room{};
    static_cast<void>(read_now(ends.reading.get(), room));
  });
  await_host(bell.get(), full);
  CHECK(host_write(ends.writing.get(), "x").state == host_state::all);
}

TEST_CASE("waiting for a host whose descriptor is closed meanwhile ends at once") {
  const event_fd bell = event_fd::make();
  REQUIRE(bell);
  const int closed = [] { return pipe_ends::make().writing.get(); }();
  const std::array<int, 1> full{closed};
  await_host(bell.get(), full);
  SUCCEED("it returned");
}
