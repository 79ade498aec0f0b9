// The host is killed at any moment, also while it starts its zygote or a worker: within a second there is no worker, no
// child of a worker in a session of its own, and no zygote left.
//   host_killed zygote | fork [rounds]

#include <fcntl.h>

#include "zygote_host.hpp"

namespace wp = workpool;
namespace wpd = workpool::detail;

namespace {

const char* const mark = "WORKPOOL_HOST_KILLED";

/// Starts workers, some with a stray, until it is killed.
[[noreturn]] void be_host(wp::start_method start) {
  while (true) {
    auto session = wpd::open_session({.start = start, .main = &workpool_test::obedient_worker});
    const int channel = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    std::vector<int> alive;
    for (int n = 0; n < 60; ++n) {
      wpd::worker_birth birth;
      birth.setup = n % 3 == 0 ? "stray" : n % 3 == 1 ? "wait" : "exit 0";
      birth.channel = channel;
      session.request(birth);
      while (auto news = session.next()) {
        if (const auto* const born = std::get_if<wpd::worker_born>(&*news)) alive.push_back(born->pid);
      }
      if (n % 10 == 9 && !alive.empty()) session.kill(alive[static_cast<std::size_t>(n) % alive.size()], SIGKILL);
    }
    ::close(channel);
  }
}

/// A moment between none and the end of what is looked at, the beginnings more often.
std::chrono::microseconds moment(int round, std::chrono::microseconds whole) {
  const int step = round % 30;
  return whole * (step * step) / 900 + std::chrono::microseconds(std::rand() % 500);
}

int start_host(const char* start, const std::string& value) {
  const int host = ::fork();
  if (host != 0) return host;
  ::setenv(mark, value.c_str(), 1);
  ::execl("/proc/self/exe", "host_killed", start, "host", nullptr);
  ::_exit(127);
}

/// 60 ms, and more where a host takes longer to begin: it has a zygote and workers soon then.
std::chrono::microseconds time_of_a_beginning(const char* start, const std::string& value) {
  const auto begin = std::chrono::steady_clock::now();
  const int host = start_host(start, value);
  const bool begun = workpool_test::eventually([&] { return fault::processes_marked(mark, value).size() > 3; });
  const auto took = std::chrono::steady_clock::now() - begin;
  fault::expect(begun, "a host begins");
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  static_cast<void>(workpool_test::left_behind([&] { return fault::processes_marked(mark, value); }));
  return std::max(std::chrono::microseconds(60'000), std::chrono::duration_cast<std::chrono::microseconds>(6 * took));
}

}  // namespace

int main(int argc, char** argv) {
  if (auto code = wpd::worker_entry_with(argc, argv, &workpool_test::obedient_worker)) return *code;
  if (argc < 2) return 2;
  const auto start = std::string(argv[1]) == "fork" ? wp::start_method::fork : wp::start_method::zygote;
  if (argc > 2 && std::string(argv[2]) == "host") be_host(start);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 50;
  const workpool_test::hang_trap trap("host_killed");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever is left comes here
  const std::string value = std::to_string(::getpid());
  std::size_t seen = 0;
  const auto whole = time_of_a_beginning(argv[1], value);
  for (int round = 0; round < rounds; ++round) {
    const int host = start_host(argv[1], value);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2) + moment(round, whole);
    while (std::chrono::steady_clock::now() < until) ::usleep(100);
    if (round % 5 == 4) seen += fault::processes_marked(mark, value).size();
    ::kill(host, SIGKILL);
    int status = 0;
    ::waitpid(host, &status, 0);
    fault::expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the host lived until it was killed");
    const auto alive = [&] { return fault::processes_marked(mark, value); };
    const std::string left = workpool_test::left_behind(alive);
    fault::expect(left.empty(), "round " + std::to_string(round) + ": " + left);
    if (left.empty()) continue;
    for (const int one : alive()) ::kill(one, SIGKILL);
    break;
  }
  fault::expect(seen > static_cast<std::size_t>(rounds), "there was somebody to be left: " + std::to_string(seen));
  return fault::failures;
}
