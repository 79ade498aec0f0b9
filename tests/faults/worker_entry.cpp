// Zygotes that are started by exec: what worker_entry in main makes possible, and what is said where it is missing.
//   worker_entry workers | threads | environment | exec | streams | unsafe | forgotten | stranger

#include <fcntl.h>

#include <mutex>
#include <thread>
#include <utility>

#include "support/gate.hpp"
#include "zygote_host.hpp"

namespace wp = workpool;
namespace wpd = workpool::detail;
using workpool_test::next_as;

namespace {

int later_in_main = 0;

/// Tells whether it is as the program was in worker_entry, and what it has of the host.
int show(wpd::worker_birth& birth) {
  std::string text = "main " + std::to_string(later_in_main) + "|setup " + birth.setup + "|";
  const std::string at_exec = [] {
    std::ifstream file("/proc/self/environ");
    return std::string{std::istreambuf_iterator<char>(file), {}};
  }();
  text += at_exec.find("WORKPOOL_TEST_SECRET") == at_exec.npos ? "no secret|" : "secret|";
  for (const char* name : {"WORKPOOL_TEST_SECRET", "WORKPOOL_TEST_WORD", "WORKPOOL_ROLE", "WORKPOOL_FD"}) {
    const char* const value = std::getenv(name);
    text += value == nullptr ? "-" : value;
    text += "|";
  }
  text += std::to_string(workpool_test::open_descriptors().size()) + " open";
  workpool_test::write_text(birth.channel, text);
  return 3;
}

std::string shown_by(wpd::zygote_session& session, wpd::worker_birth birth = {}) {
  int channel[2];
  if (::pipe2(channel, O_CLOEXEC) != 0) std::abort();
  birth.channel = channel[1];
  birth.setup = "here";
  session.request(birth);
  ::close(channel[1]);
  next_as<wpd::worker_born>(session);
  const std::string text = workpool_test::read_all(channel[0]);
  ::close(channel[0]);
  fault::expect_equal(next_as<wpd::worker_ended>(session).exit_code, 3, "exit code");
  return text;
}

void expect_shown(const std::string& seen, const std::string& wanted) {
  fault::expect(seen == wanted, "\"" + seen + "\" is \"" + wanted + "\"");
}

void workers() {
  later_in_main = 1;
  ::dup2(1, 77);  // not closed on exec
  auto session = wpd::open_session();
  expect_shown(shown_by(session), "main 0|setup here|no secret|-|-|-|-|4 open");
  auto other = wpd::open_session();
  fault::expect_equal(other.zygote_pid(), session.zygote_pid(), "the zygote of both");
  ::kill(session.zygote_pid(), SIGKILL);
  next_as<wpd::zygote_lost>(session);
  next_as<wpd::zygote_lost>(other);
  auto fresh = wpd::open_session();
  fault::expect(fresh.zygote_pid() != session.zygote_pid(), "a new zygote is started for one that died");
  expect_shown(shown_by(fresh), "main 0|setup here|no secret|-|-|-|-|4 open");
}

/// Whatever runs beside it, a process with threads gets a zygote from many of them at once: one.
void threads() {
  gate start;
  std::vector<std::thread> all;
  std::vector<int> zygotes(8);
  std::vector<wpd::zygote_session> kept;
  std::mutex keep;
  for (std::size_t n = 0; n < zygotes.size(); ++n) {
    all.emplace_back([&, n] {
      start.wait();
      auto session = wpd::open_session();
      zygotes[n] = session.zygote_pid();
      expect_shown(shown_by(session), "main 0|setup here|no secret|-|-|-|-|4 open");
      const std::lock_guard lock(keep);
      kept.push_back(std::move(session));
    });
  }
  start.open();
  for (std::thread& one : all) one.join();
  for (const int one : zygotes) fault::expect_equal(one, zygotes[0], "the zygote");
  kept.clear();
  fault::expect(!workpool_test::runs(zygotes[0]), "the zygote ended with the last session");
}

void environment() {
  ::setenv("WORKPOOL_TEST_SECRET", "of the host", 1);
  auto shared = wpd::open_session();
  wpd::worker_birth added;
  added.env = {{"WORKPOOL_TEST_WORD", "added"}};
  expect_shown(shown_by(shared, added), "main 0|setup here|secret|of the host|added|-|-|4 open");
  wpd::zygote_options options{.environment = wpd::zygote_environment::own};
  options.env = {{"WORKPOOL_TEST_WORD", "alone"}};
  auto own = wpd::open_session(options);
  fault::expect(own.zygote_pid() != shared.zygote_pid(), "a zygote of its own");
  expect_shown(shown_by(own), "main 0|setup here|no secret|-|alone|-|-|4 open");
}

void exec() {
  auto session = wpd::open_session({.start = wp::start_method::exec});
  wpd::worker_birth birth;
  birth.program = {"/proc/self/exe", "workers"};
  birth.env = {{"WORKPOOL_TEST_WORD", "added"}};
  expect_shown(shown_by(session, birth), "main 0|setup here|no secret|-|added|-|-|4 open");
}

void streams() {
  const int before = ::fcntl(2, F_DUPFD_CLOEXEC, 10);
  for (const int standard : {0, 1, 2}) ::close(standard);
  ::signal(SIGCHLD, SIG_IGN);
  std::string seen;
  bool still_closed = false;
  {
    auto session = wpd::open_session();
    seen = shown_by(session);
    still_closed = ::fcntl(0, F_GETFD) < 0 && ::fcntl(1, F_GETFD) < 0 && ::fcntl(2, F_GETFD) < 0;
  }
  ::dup2(before, 2);
  expect_shown(seen, "main 0|setup here|no secret|-|-|-|-|4 open");
  fault::expect(still_closed, "0, 1 and 2 are closed as before");
}

/// Without worker_entry.
void unsafe() {
  std::thread([] {
    for (const auto start : {wp::start_method::automatic, wp::start_method::zygote, wp::start_method::exec}) {
      const std::string text =
          fault::thrown_text<wp::unsafe_fork>([&] { wpd::open_session({.start = start, .main = &show}); });
      fault::expect_text(text, {"include <workpool/worker_entry.hpp>", "its first line",
                                start == wp::start_method::automatic ? "a process with 2 threads" : "start_method::"});
    }
    auto asked_for = wpd::open_session({.start = wp::start_method::fork, .main = &show});
    shown_by(asked_for);
  }).join();
  while (wpd::count_threads() != 1) std::this_thread::yield();
  auto alone = wpd::open_session({.main = &show});
  shown_by(alone);
  std::thread([&] { wpd::open_session({.main = &show}); }).join();  // there is one already
  const std::string text = fault::thrown_text<wp::unsafe_fork>(
      [] { wpd::open_session({.environment = wpd::zygote_environment::own, .main = &show}); });
  fault::expect_text(text, {"clean_env needs worker_entry"});
}

/// A program that opens a pool in what was meant to be its zygote.
void forgotten() {
  const fault::ending end = fault::in_child("forgotten", [] {
    ::setenv("WORKPOOL_ROLE", "zygote", 1);
    wpd::open_session({.main = &show});
  });
  fault::expect(end.by_exit(126), "the program ends with 126: " + end.in_words());
  fault::expect_text(end.errors, {"has not called worker_entry", "its first line"});
}

/// A role that is not from us.
void stranger(char** argv) {
  const std::pair<const char*, const char*> roles[] = {
      {"zygote", ""}, {"waiter", "5"}, {"worker", "1"}, {"worker", "999"}};
  for (const auto& one : roles) {
    const fault::ending end = fault::in_child("stranger", [&] {
      ::setenv("WORKPOOL_ROLE", one.first, 1);
      ::setenv("WORKPOOL_FD", one.second, 1);
      const auto code = wpd::worker_entry_with(1, argv, &show);
      std::exit(code.value_or(0));
    });
    fault::expect(end.by_exit(126), std::string(one.first) + " ends with 126: " + end.in_words());
    fault::expect_text(end.errors, {"workpool: "});
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode != "unsafe" && mode != "forgotten" && mode != "stranger") {
    if (auto code = wpd::worker_entry_with(argc, argv, &show)) return *code;
  }
  if (mode == "unsafe" && fault::forks_are_odd) return fault::skipped;
  const workpool_test::hang_trap trap("worker_entry " + mode);
  if (mode == "workers") workers();
  if (mode == "threads") threads();
  if (mode == "environment") environment();
  if (mode == "exec") exec();
  if (mode == "streams") streams();
  if (mode == "unsafe") unsafe();
  if (mode == "forgotten") forgotten();
  if (mode == "stranger") stranger(argv);
  return fault::failures;
}
