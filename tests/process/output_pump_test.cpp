#include <workpool/process/output_pump.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/config.hpp>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/pipe_reading.hpp>
#include <workpool/detail/posix/poll_one.hpp>

using namespace std::chrono_literals;
using workpool::child_output;
using workpool::steady;
using workpool::worker_id;
using namespace workpool::detail;
using workpool_test::eventually;

namespace {

/// The pipes of one worker, of which the pump gets the reading ends.
struct worker_pipes {
  pipe_ends out = pipe_ends::make(), err = pipe_ends::make(), report = pipe_ends::make();

  output_source join(output_pump& pump, worker_id id = 1) {
    return pump.add(id, std::move(out.reading), std::move(err.reading), std::move(report.reading));
  }
};

/// For children and threads: asserts nothing.
void write_all(int to, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t wrote = ::write(to, text.data(), text.size());
    if (wrote < 0) return;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

std::string read_all(const unique_fd& from) {
  std::string text;
  std::vector<char> room(65536);
  for (;;) {
    const read_result got = read_now(from.get(), room);
    if (got.state != read_state::some) return text;
    text.append(room.data(), got.size);
  }
}

/// A host whose standard streams are pipes.
struct fake_host {
  host_descriptors descriptors() const { return {out.writing.get(), err.writing.get()}; }

  pipe_ends out = pipe_ends::make(), err = pipe_ends::make();
};

/// What a handler was told. Threads: any.
class transcript {
 public:
  auto handler() {
    return [this](worker_id worker, int stream, std::string_view line) {
      const std::lock_guard hold(mutex_);
      lines_.push_back(std::to_string(worker) + "/" + std::to_string(stream) + " " + std::string(line));
    };
  }
  std::vector<std::string> lines() const {
    const std::lock_guard hold(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

bool flush(output_pump& pump) { return pump.flush(steady::now() + 60s); }

}  // namespace

TEST_CASE("lines of two workers are never mixed") {
  const fake_host host;
  constexpr int workers = 4, each = 3000;
  std::string seen;
  {
    output_pump pump(child_output::forward, {}, "p", host.descriptors());
    std::array<worker_pipes, workers> pipes;
    std::vector<output_source> sources;
    for (worker_id id = 0; id < workers; ++id) sources.push_back(pipes[id].join(pump, id));
    std::atomic<bool> done{false};
    std::jthread reader([&] {
      while (!done) seen += read_all(host.out.reading);
    });
    {
      std::vector<std::jthread> working;
      for (int id = 0; id < workers; ++id) {
        working.emplace_back([&, id] {
          const std::string letter(1, static_cast<char>('a' + id));
          for (int n = 0; n < each; ++n) {
            std::string line = letter + std::to_string(n) + " ";
            line.resize(static_cast<std::size_t>(20 + n % 900), letter[0]);
            line += "\n";
            const auto half = static_cast<std::size_t>(n) % line.size();  // cut anywhere
            write_all(pipes[static_cast<std::size_t>(id)].out.writing.get(), line.substr(0, half));
            write_all(pipes[static_cast<std::size_t>(id)].out.writing.get(), line.substr(half));
          }
        });
      }
    }
    REQUIRE(flush(pump));
    done = true;
    reader.join();
    CHECK(pump.lost() == 0);
  }
  seen += read_all(host.out.reading);
  std::map<char, int> next;
  std::size_t mixed = 0;
  for (std::size_t at = 0; at < seen.size();) {
    const std::size_t end = seen.find('\n', at);
    REQUIRE(end != seen.npos);
    const std::string line = seen.substr(at, end - at);
    const char letter = line.at(0);
    const int n = next[letter]++;
    std::string expected = std::string(1, letter) + std::to_string(n) + " ";
    expected.resize(static_cast<std::size_t>(20 + n % 900), letter);
    mixed += line == expected ? 0 : 1;
    at = end + 1;
  }
  CHECK(mixed == 0);
  CHECK(next == std::map<char, int>{{'a', each}, {'b', each}, {'c', each}, {'d', each}});
}

TEST_CASE("text after the last newline is forwarded when the worker ends, as a line") {
  const fake_host host;
  output_pump pump(child_output::forward, {}, "p", host.descriptors());
  worker_pipes removed, ended;
  const output_source first = removed.join(pump), second = ended.join(pump);
  write_all(removed.out.writing.get(), "one\nand a half");
  write_all(ended.err.writing.get(), "two\nand a half");
  REQUIRE(flush(pump));
  CHECK(read_all(host.out.reading) == "one\n");
  CHECK(read_all(host.err.reading) == "two\n");
  pump.remove(first);
  ended.err.writing.reset();
  REQUIRE(flush(pump));
  CHECK(read_all(host.out.reading) == "and a half\n");
  std::string rest;
  CHECK(eventually([&] { return (rest += read_all(host.err.reading)) == "and a half\n"; }));
}

TEST_CASE("captured lines reach the handler in their order, and nothing is forwarded") {
  const fake_host host;
  transcript seen;
  output_pump pump(child_output::capture, seen.handler(), "p", host.descriptors());
  worker_pipes pipes;
  const output_source source = pipes.join(pump, 9);
  write_all(pipes.out.writing.get(), "one\ntwo\nthr");
  REQUIRE(flush(pump));
  CHECK(seen.lines() == std::vector<std::string>{"9/1 one", "9/1 two"});
  write_all(pipes.out.writing.get(), "ee\n");
  REQUIRE(flush(pump));
  write_all(pipes.err.writing.get(), "oh");
  pump.remove(source);
  REQUIRE(flush(pump));
  CHECK(seen.lines() == std::vector<std::string>{"9/1 one", "9/1 two", "9/1 three", "9/2 oh"});
  CHECK(read_all(host.out.reading).empty());
  CHECK(pump.tail_of(source) == "oh");
}

TEST_CASE("what a handler throws is contained and counted") {
  output_pump pump(child_output::capture, [](worker_id, int, std::string_view) { throw std::runtime_error("no"); });
  CHECK(pump.faults() == 0);
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  write_all(pipes.out.writing.get(), "one\ntwo\n");
  REQUIRE(flush(pump));
  CHECK(pump.faults() == 2);
}

TEST_CASE("discarded output is read, and its tail and report are kept") {
  const fake_host host;
  output_pump pump(child_output::discard, {}, "p", host.descriptors());
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  const std::string much(1'000'000, 'x');
  write_all(pipes.out.writing.get(), much);  // blocks unless somebody reads
  write_all(pipes.err.writing.get(), much + "\nthe end\n");
  write_all(pipes.report.writing.get(), "signal 11");
  const std::string tail = pump.tail_of(source);
  CHECK(tail.size() == 4096);
  CHECK(tail.substr(tail.size() - 9) == "\nthe end\n");
  CHECK(pump.report_of(source) == "signal 11");
  CHECK(pump.lost() == 0);
  REQUIRE(flush(pump));
  CHECK(read_all(host.out.reading).empty());
  CHECK(read_all(host.err.reading).empty());
}

TEST_CASE("what a worker wrote before it died is in its tail although a grandchild holds the pipe") {
  transcript seen;
  output_pump pump(child_output::capture, seen.handler());
  for (int round = 0; round < 20; ++round) {
    worker_pipes pipes;
    pipe_ends hold = pipe_ends::make();
    REQUIRE(hold);
    const output_source source = pipes.join(pump);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::fork() == 0) {
        hold.writing.reset();
        char byte = 0;
        static_cast<void>(::read(hold.reading.get(), &byte, 1) == 0);  // lives as long as the test wants
        ::_exit(0);
      }
      write_all(pipes.err.writing.get(), "panic: round over\n");
      write_all(pipes.report.writing.get(), "signal 9");
      ::kill(::getpid(), SIGKILL);
    }
    REQUIRE(child > 0);
    pipes = worker_pipes();  // the children have theirs
    REQUIRE(::waitpid(child, nullptr, 0) == child);
    CHECK(pump.tail_of(source) == "panic: round over\n");
    CHECK(pump.report_of(source) == "signal 9");
    pump.remove(source);
    hold.writing.reset();
  }
  REQUIRE(flush(pump));
  CHECK(seen.lines() == std::vector<std::string>(20, "1/2 panic: round over"));
}

TEST_CASE("a grandchild that writes on after its worker was removed is told that nobody reads") {
  output_pump pump(child_output::discard);
  worker_pipes pipes;
  pipe_ends go_on = pipe_ends::make();
  REQUIRE(go_on);
  const output_source source = pipes.join(pump);
  const pid_t grandchild = ::fork();
  if (grandchild == 0) {
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(go_on.reading.get(), 0);
    ::dup2(pipes.out.writing.get(), 1);
    for (int other = 3; other < 1024; ++other) ::close(other);  // the reading ends of the host among them
    char byte = 0;
    static_cast<void>(::read(0, &byte, 1) == 0);
    write_all(1, "still here\n");
    ::_exit(0);
  }
  REQUIRE(grandchild > 0);
  pump.remove(source);
  go_on.writing.reset();
  int status = 0;
  REQUIRE(::waitpid(grandchild, &status, 0) == grandchild);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGPIPE);
}

TEST_CASE("a flood does not starve another worker") {
  constexpr std::size_t enough = std::size_t{100} << 20, piece = std::size_t{1} << 20;
  std::atomic<std::size_t> flooded{0};
  std::atomic<std::size_t> answered_at{0};
  output_pump pump(child_output::capture, [&](worker_id worker, int, std::string_view line) {
    if (worker == 1) {
      flooded += line.size() + 1;
    } else {
      answered_at = flooded.load() + 1;  // never 0
    }
  });
  worker_pipes loud, quiet;
  const output_source first = loud.join(pump, 1), second = quiet.join(pump, 2);
  std::size_t flood_size = 0;
  std::jthread flood([&](std::stop_token stop) {
    std::string lines;
    while (lines.size() < piece) lines += std::string(127, 'f') + "\n";
    for (; !stop.stop_requested(); flood_size += piece) write_all(loud.out.writing.get(), lines);
  });
  std::size_t longest_wait = 0;
  for (int asked = 0; asked < 50 || flooded < enough; ++asked) {
    answered_at = 0;
    write_all(quiet.out.writing.get(), "me\n");
    const std::size_t asked_at = flooded;
    REQUIRE(eventually([&] { return answered_at != 0; }));
    if (answered_at > asked_at) longest_wait = std::max(longest_wait, answered_at - asked_at);
  }
  flood.request_stop();
  flood.join();
  REQUIRE(flush(pump));
  CHECK(flooded == flood_size);
  CHECK(longest_wait <= 3 * 65536);  // the turn in progress, and one or two before the next look
}

TEST_CASE(
    "a host whose standard output is full is not written to, its worker blocks, and nothing is lost when it reads") {
  const fake_host host;
  output_pump pump(child_output::forward, {}, "p", host.descriptors());
  worker_pipes pipes, other;
  const output_source source = pipes.join(pump, 1), next = other.join(pump, 2);
  REQUIRE(set_nonblocking(pipes.out.writing.get()));
  std::string written, seen;
  const auto write_some = [&] {
    const std::string line = "line " + std::to_string(written.size()) + std::string(90, '.') + "\n";
    const ssize_t wrote = ::write(pipes.out.writing.get(), line.data(), line.size());
    if (wrote > 0) written += line.substr(0, static_cast<std::size_t>(wrote));
    return wrote > 0;
  };
  // Full when nothing moves any more: the last pipe is full, and a line to the other stream shows that the pump is
  // idle.
  for (int still = 0; still < 3; ++still) {
    while (write_some()) still = 0;
    write_all(other.err.writing.get(), "x\n");
    REQUIRE(eventually([&] { return !read_all(host.err.reading).empty(); }));
  }
  CHECK(written.size() < std::size_t{1} << 20);
  CHECK_FALSE(pump.flush(steady::now() + 5ms));
  write_all(pipes.err.writing.get(), "the other stream goes on\n");
  CHECK(eventually([&] { return read_all(host.err.reading) == "the other stream goes on\n"; }));
  CHECK(pump.tail_of(source) == "the other stream goes on\n");
  pipes.out.writing.reset();
  REQUIRE(eventually([&] { return (seen += read_all(host.out.reading)).size() >= written.size(); }));
  REQUIRE(flush(pump));
  CHECK(seen == (written.back() == '\n' ? written : written + "\n"));
  CHECK(pump.lost() == 0);
}

TEST_CASE("a host that reads in fits and starts gets everything, whoever asks for tails meanwhile") {
  const fake_host host;
  output_pump pump(child_output::forward, {}, "p", host.descriptors());
  constexpr worker_id workers = 3;
  constexpr std::size_t each = std::size_t{2} << 20;
  std::array<worker_pipes, workers> pipes;
  worker_pipes other;
  std::vector<output_source> sources;
  for (worker_id id = 0; id < workers; ++id) sources.push_back(pipes[id].join(pump, id));
  const output_source asked = other.join(pump, workers);
  std::size_t seen = 0, others = 0;
  bool flushed = false;
  {
    std::vector<std::jthread> working;
    for (worker_id id = 0; id < workers; ++id) {
      working.emplace_back([&, id] {
        const std::string line = std::string(127, static_cast<char>('a' + id)) + "\n";
        for (std::size_t n = 0; n < each; n += line.size()) write_all(pipes[id].out.writing.get(), line);
      });
    }
    std::atomic<bool> done{false};
    std::jthread asking([&] {
      for (; !done; others += 2) {
        write_all(other.out.writing.get(), "x\n");
        static_cast<void>(pump.tail_of(asked));
      }
    });
    std::jthread reader([&] {
      while (!done) {
        std::array<char, 20'000> room;
        const read_result got = read_now(host.out.reading.get(), room);
        seen += got.size;
        if (got.state != read_state::some) std::this_thread::yield();
      }
    });
    working.clear();  // hangs if one of them is forgotten
    flushed = flush(pump);
    done = true;
  }
  REQUIRE(flushed);
  CHECK(eventually([&] { return (seen += read_all(host.out.reading).size()) == workers * each + others; }));
  CHECK(pump.lost() == 0);
}

TEST_CASE("a flush that waits for the host alone ends when the host has read") {
  for (int round = 0; round < 10; ++round) {
    const fake_host host;
    output_pump pump(child_output::forward, {}, "p", host.descriptors());
    worker_pipes pipes;
    const output_source source = pipes.join(pump);
    const std::string line = std::string(999, 'l') + "\n";
    const auto host_has_room = [&] { return poll_one(host.out.writing.get(), poll_for::writing, steady::now()); };
    while (host_has_room()) {
      write_all(pipes.out.writing.get(), line);
      static_cast<void>(pump.flush(steady::now() + 10ms));
    }
    for (int n = 0; n < 8; ++n) write_all(pipes.out.writing.get(), line);  // more than is less than enough room
    std::atomic<bool> flushed{false}, about_to{false};
    std::jthread flusher([&] {
      about_to = true;
      flushed = flush(pump);
    });
    REQUIRE(eventually([&] { return about_to.load(); }));
    static_cast<void>(pump.flush(steady::now() + 10ms));  // gives the other one the time to ask
    CHECK_FALSE(flushed);
    REQUIRE(eventually([&] {
      static_cast<void>(read_all(host.out.reading));
      return flushed.load();
    }));
  }
}

TEST_CASE("a pump whose host does not read ends in bounded time, also with a worker that never stops") {
  const fake_host host;
  std::atomic<bool> go_on{true};
  worker_pipes pipes;
  std::jthread worker;
  std::uint64_t lost = 0;
  const auto started = steady::now();
  {
    output_pump pump(child_output::forward, {}, "p", host.descriptors());
    const output_source source = pipes.join(pump);
    worker = std::jthread([&] {
      sigset_t pipe_signal;
      ::sigemptyset(&pipe_signal);
      ::sigaddset(&pipe_signal, SIGPIPE);
      ::pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
      while (go_on) write_all(pipes.out.writing.get(), "more and more\n");
    });
    REQUIRE(eventually([&] { return !pump.flush(steady::now() + 20ms); }));
    lost = pump.lost();
  }
  CHECK(steady::now() - started < 20s);
  CHECK(lost == 0);
  go_on = false;
}

TEST_CASE("the tail of a dead worker can be had while the host does not read, and is forwarded when it does") {
  const fake_host host;
  output_pump pump(child_output::forward, {}, "p", host.descriptors());
  worker_pipes loud, dying;
  const output_source first = loud.join(pump, 1);
  REQUIRE(set_nonblocking(loud.err.writing.get()));
  const std::string line = std::string(999, 'l') + "\n";
  while (eventually([&] { return ::write(loud.err.writing.get(), line.data(), line.size()) > 0; }, 50ms)) {
  }
  const output_source second = dying.join(pump, 2);
  write_all(dying.err.writing.get(), "last words");
  dying.err.writing.reset();
  CHECK(pump.tail_of(second) == "last words");
  pump.remove(second);
  std::string seen;
  CHECK(eventually([&] {
    seen += read_all(host.err.reading);
    return seen.find("last words\n") != seen.npos;
  }));
  CHECK(pump.lost() == 0);
}

TEST_CASE("a tail does not wait for a handler that takes its time") {
  gate hold;
  output_pump pump(child_output::capture, [&](worker_id, int, std::string_view line) {
    if (line == "wait") hold.wait();
  });
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  write_all(pipes.err.writing.get(), "wait\n");
  hold.await_arrivals(1);
  write_all(pipes.err.writing.get(), "more\n");
  CHECK(pump.tail_of(source) == "wait\nmore\n");
  CHECK_FALSE(pump.flush(steady::now() + 1ms));
  pump.remove(source);
  hold.open();
  CHECK(flush(pump));
}

TEST_CASE("a host that has closed its standard output, or whose reader has gone, loses the text and nothing else") {
  fake_host host;
  const int closed = unique_fd(::fcntl(host.out.writing.get(), F_DUPFD_CLOEXEC, 700)).get();  // nobody gets it next
  REQUIRE(closed >= 700);
  host.out.reading.reset();
  output_pump pump(child_output::forward, {}, "p", {host.out.writing.get(), closed});
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  write_all(pipes.out.writing.get(), "to nobody\n");
  write_all(pipes.err.writing.get(), "to nobody either\n");
  CHECK(flush(pump));
  CHECK(pump.tail_of(source) == "to nobody either\n");
  CHECK(pump.lost() == 0);
}

TEST_CASE("what is forwarded comes out of the host's descriptors 1 and 2") {
  const fake_host host;
  const unique_fd real_out(::fcntl(1, F_DUPFD_CLOEXEC, 3)), real_err(::fcntl(2, F_DUPFD_CLOEXEC, 3));
  REQUIRE((real_out && real_err));
  output_pump pump(child_output::forward);
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  ::dup2(host.out.writing.get(), 1);
  ::dup2(host.err.writing.get(), 2);
  write_all(pipes.out.writing.get(), "to out\n");
  write_all(pipes.err.writing.get(), "to err\n");
  const bool done = flush(pump);
  ::dup2(real_out.get(), 1);
  ::dup2(real_err.get(), 2);
  CHECK(done);
  CHECK(read_all(host.out.reading) == "to out\n");
  CHECK(read_all(host.err.reading) == "to err\n");
}

TEST_CASE("the thread of a pump has a name, and receives no signal that is meant for the host") {
  std::string name;
  bool term = false, pipe_signal = false, segv = true, prof = true;
  output_pump pump(
      child_output::capture,
      [&](worker_id, int, std::string_view) {
        std::array<char, 16> text{};
        ::pthread_getname_np(::pthread_self(), text.data(), text.size());
        name = text.data();
        sigset_t mask;
        ::sigemptyset(&mask);
        ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        term = ::sigismember(&mask, SIGTERM) == 1;
        pipe_signal = ::sigismember(&mask, SIGPIPE) == 1;
        segv = ::sigismember(&mask, SIGSEGV) == 1;
        prof = ::sigismember(&mask, SIGPROF) == 1;
      },
      "jobs");
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  write_all(pipes.out.writing.get(), "x\n");
  REQUIRE(flush(pump));
  CHECK(name == "jobs-output");
  CHECK(term);
  CHECK(pipe_signal);
  CHECK_FALSE(segv);
  CHECK_FALSE(prof);
}

namespace {

/// How often the thread of this name has slept, until now where it sleeps; -1 where it does not.
long sleeps_of(const std::string& name) {
  long sleeps = -1;
  DIR* const tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return sleeps;
  while (const dirent* const entry = ::readdir(tasks)) {
    const std::string folder = std::string("/proc/self/task/") + entry->d_name;
    std::string found;
    std::getline(std::ifstream(folder + "/comm") >> std::ws, found);
    if (found != name) continue;
    std::ifstream status(folder + "/status");
    bool sleeping = false;
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("State:", 0) == 0) sleeping = line.find("S (sleeping)") != line.npos;
      if (sleeping && line.rfind("voluntary_ctxt_switches:", 0) == 0) sleeps = std::stol(line.substr(24));
    }
  }
  ::closedir(tasks);
  return sleeps;
}

}  // namespace

TEST_CASE("a pump with nothing to read does not wake up, and neither does one whose host does not read") {
  const fake_host host;
  output_pump pump(child_output::forward, {}, "idle", host.descriptors());
  worker_pipes pipes;
  const output_source source = pipes.join(pump);
  const bool stuck = GENERATE(false, true);
  if (stuck) {
    REQUIRE(set_nonblocking(pipes.out.writing.get()));
    const std::string line = std::string(999, 'l') + "\n";
    const auto has_room = [&] { return ::write(pipes.out.writing.get(), line.data(), line.size()) > 0; };
    REQUIRE(eventually([&] {  // until it sleeps although there is as much to read as a pipe holds
      while (has_room()) {
      }
      return sleeps_of("idle-output") >= 0 && !has_room();
    }));
  }
  REQUIRE(pump.flush(steady::now() + (stuck ? 5ms : 60000ms)) == !stuck);
  long before = -1;
  REQUIRE(eventually([&] {  // until it has gone to sleep after all that
    before = sleeps_of("idle-output");
    std::this_thread::sleep_for(20ms);
    return before >= 0 && sleeps_of("idle-output") == before;
  }));
  std::this_thread::sleep_for(100ms);  // not to synchronise: a wake-up in this time is what is looked for
  CHECK(sleeps_of("idle-output") == before);
}

TEST_CASE("a handler may destroy the pump that calls it") {
  std::atomic<int> calls{0};
  std::atomic<bool> destroyed{false};
  std::unique_ptr<output_pump> pump;
  gate ready;
  pump = std::make_unique<output_pump>(child_output::capture, [&](worker_id, int, std::string_view) {
    ready.wait();
    ++calls;
    const bool flushed = pump->flush(steady::now() + 1h);
    pump.reset();
    destroyed = !flushed;
  });
  worker_pipes pipes;
  output_source source = pipes.join(*pump);
  write_all(pipes.out.writing.get(), "one\ntwo\nthree\n");
  ready.await_arrivals(1);
  ready.open();
  REQUIRE(eventually([&] { return destroyed.load(); }));
  // Its thread is alone now, and over when it has closed the pipes.
  REQUIRE(eventually([&] {
    pollfd end{pipes.out.writing.get(), 0, 0};
    return ::poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
  }));
  CHECK(calls == 1);
}

TEST_CASE("in a forked child a pump can be destroyed, and the parent's goes on") {
  transcript seen;
  auto pump = std::make_unique<output_pump>(child_output::capture, seen.handler());
  worker_pipes pipes;
  const output_source source = pipes.join(*pump);
  const pid_t child = ::fork();
  if (child == 0) {
    pump.reset();
    ::_exit(7);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  write_all(pipes.out.writing.get(), "still here\n");
  REQUIRE(flush(*pump));
  CHECK(seen.lines() == std::vector<std::string>{"1/1 still here"});
}

TEST_CASE("a pipe that cannot be watched is refused, and the pump serves others") {
  transcript seen;
  output_pump pump(child_output::capture, seen.handler(), "jobs");
  worker_pipes pipes;
  const unique_fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  std::string text;
  try {
    static_cast<void>(pump.add(1, std::move(pipes.out.reading), unique_fd(::dup(file.get())), unique_fd()));
  } catch (const workpool::spawn_failed& reason) {
    text = reason.what();
  }
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("the output of the workers of jobs cannot be watched"));
  worker_pipes accepted;
  const output_source source = accepted.join(pump);
  write_all(accepted.out.writing.get(), "here\n");
  REQUIRE(flush(pump));
  CHECK(seen.lines() == std::vector<std::string>{"1/1 here"});
}

TEST_CASE(
    "a pump for which there are no descriptors says so, closes what it was given, and works when there are some") {
  if (WORKPOOL_UNDER_ASAN) SKIP("the sanitizers need descriptors themselves");
  transcript seen;
  output_pump pump(child_output::capture, seen.handler(), "jobs");
  worker_pipes refused, accepted;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::string text;
  try {
    static_cast<void>(refused.join(pump));
  } catch (const workpool::spawn_failed& reason) {
    text = reason.what();
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("the output of the workers of jobs cannot be read"));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("raise the limit of open files"));
  pollfd end{refused.out.writing.get(), 0, 0};
  CHECK(::poll(&end, 1, 0) == 1);
  const output_source source = accepted.join(pump);
  write_all(accepted.out.writing.get(), "here\n");
  REQUIRE(flush(pump));
  CHECK(seen.lines() == std::vector<std::string>{"1/1 here"});
}

TEST_CASE("a pump that was never used flushes at once and has lost nothing") {
  output_pump pump(child_output::forward);
  CHECK(pump.flush(workpool::time_point::max()));
  CHECK(pump.lost() == 0);
  CHECK(pump.faults() == 0);
}

TEST_CASE("workers that come and go by the hundred leave all their lines, and no descriptor") {
  const auto open_descriptors = [] {
    std::size_t count = 0;
    DIR* const folder = ::opendir("/proc/self/fd");
    while (::readdir(folder) != nullptr) ++count;
    ::closedir(folder);
    return count;
  };
  constexpr int each = 150, keepers = 3;
  transcript seen;
  const std::size_t before = open_descriptors();
  {
    output_pump pump(child_output::capture, seen.handler());
    std::atomic<int> wrong{0};
    {
      std::vector<std::jthread> keeping;
      for (worker_id id = 0; id < keepers; ++id) {
        keeping.emplace_back([&, id] {
          for (int n = 0; n < each; ++n) {
            worker_pipes pipes;
            const output_source source = pipes.join(pump, id);
            write_all(pipes.out.writing.get(), "hello\n");
            write_all(pipes.err.writing.get(), "good");
            write_all(pipes.err.writing.get(), "bye");
            if (pump.tail_of(source) != "goodbye") ++wrong;
            if (n % 2 == 0) pipes = worker_pipes();
            pump.remove(source);
            if (pump.tail_of(source) != "goodbye") ++wrong;
          }
        });
      }
    }
    REQUIRE(flush(pump));
    CHECK(wrong == 0);
  }
  const auto lines = seen.lines();
  for (worker_id id = 0; id < keepers; ++id) {
    CHECK(std::count(lines.begin(), lines.end(), std::to_string(id) + "/1 hello") == each);
    CHECK(std::count(lines.begin(), lines.end(), std::to_string(id) + "/2 goodbye") == each);
  }
  CHECK(open_descriptors() == before);
}
