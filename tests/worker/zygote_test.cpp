#include <workpool/worker/zygote.hpp>

#include "support/catch.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "support/zygote_talk.hpp"

using namespace workpool::detail;
using workpool_test::readable_within;
using zygote_wire::kind;

namespace {

/// A zygote without a host, which the test plays.
struct bare_zygote {
  unique_fd master{};
  int pid = 0;

  bare_zygote() {
    socket_pair sockets = socket_pair::make(socket_kind::packets);
    pid = ::fork();
    if (pid == 0) ::_exit(run_zygote(std::move(sockets.right), &workpool_test::obedient_worker));
    master = std::move(sockets.left);
  }

  unique_fd session() const {
    socket_pair sockets = socket_pair::make(socket_kind::packets);
    const std::array<int, 1> theirs{sockets.right.get()};
    REQUIRE(send_packet(master.get(), zygote_wire::announce(kind::session), theirs) == 0);
    return std::move(sockets.left);
  }

  int exit_code() const {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

packet next_packet(const unique_fd& from) {
  packet received;
  REQUIRE(readable_within(from.get(), 20'000));
  REQUIRE(receive_packet(from.get(), received) == arrival::complete);
  return received;
}

}  // namespace

TEST_CASE("a zygote says hello, and ends by 0 when the master and every session are closed") {
  bare_zygote zygote;
  CHECK(zygote_wire::is_announcement(next_packet(zygote.master).bytes, kind::hello));
  unique_fd session = zygote.session();
  REQUIRE(send_packet(session.get(), zygote_wire::encode(1, worker_birth{})) == 0);
  const auto news = zygote_wire::decode_news(next_packet(session).bytes);
  zygote.master.reset();
  REQUIRE(send_packet(session.get(), zygote_wire::encode(2, worker_birth{})) == 0);  // the session is still served
  CHECK(std::get<worker_born>(zygote_wire::decode_news(next_packet(session).bytes)).request == 2);
  session.reset();
  CHECK(zygote.exit_code() == 0);
  CHECK_FALSE(workpool_test::runs(std::get<worker_born>(news).pid));
}

TEST_CASE("what is typed at the terminal or sent by a shell does not reach a zygote") {
  bare_zygote zygote;
  next_packet(zygote.master);
  CHECK(::getsid(zygote.pid) == zygote.pid);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGQUIT, SIGPIPE}) ::kill(zygote.pid, signal);
  const unique_fd session = zygote.session();
  REQUIRE(send_packet(session.get(), zygote_wire::encode(1, worker_birth{})) == 0);
  CHECK(zygote_wire::kind_of(next_packet(session).bytes) == kind::born);
  zygote.master.reset();
}

TEST_CASE("a host that does not keep to the protocol loses its session and its workers, no other session") {
  const std::string wrong = GENERATE(std::string("x"), zygote_wire::encode(worker_born{}), [] {
    worker_birth without_descriptor;
    without_descriptor.channel = 5;
    return zygote_wire::encode(2, without_descriptor);
  }());
  bare_zygote zygote;
  const unique_fd good = zygote.session(), bad = zygote.session();
  REQUIRE(send_packet(bad.get(), zygote_wire::encode(1, worker_birth{})) == 0);
  const packet born = next_packet(bad);
  REQUIRE(send_packet(bad.get(), wrong) == 0);
  CHECK(readable_within(born.descriptors.at(0).get(), 20'000));
  CHECK(readable_within(bad.get(), 20'000));
  packet received;
  CHECK(receive_packet(bad.get(), received) == arrival::end_of_file);
  REQUIRE(send_packet(good.get(), zygote_wire::encode(1, worker_birth{})) == 0);
  CHECK(zygote_wire::kind_of(next_packet(good).bytes) == kind::born);
}

TEST_CASE("a zygote ends when its host does, also while somebody else holds the sockets") {
  const int host = ::fork();
  if (host == 0) {
    while (true) ::pause();
  }
  bare_zygote zygote;
  const unique_fd watch = watch_process(host);
  const std::array<int, 1> number{watch.get()};
  REQUIRE(send_packet(zygote.master.get(), zygote_wire::announce(kind::host), number) == 0);
  const unique_fd session = zygote.session();
  REQUIRE(send_packet(session.get(), zygote_wire::encode(1, worker_birth{})) == 0);
  const packet born = next_packet(session);
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  CHECK(zygote.exit_code() == 0);
  CHECK(readable_within(born.descriptors.at(0).get(), 0));
}

TEST_CASE("a signal that is sent to a worker as soon as it is born is not lost") {
  bare_zygote zygote;
  const unique_fd session = zygote.session();
  for (std::uint64_t request = 1; request <= 50; ++request) {
    REQUIRE(send_packet(session.get(), zygote_wire::encode(request, worker_birth{})) == 0);
    REQUIRE(send_packet(session.get(), zygote_wire::encode(zygote_wire::kill_request{request, SIGTERM})) == 0);
    const auto first = zygote_wire::decode_news(next_packet(session).bytes);
    REQUIRE(std::holds_alternative<worker_born>(first));
    const auto end = zygote_wire::decode_news(next_packet(session).bytes);
    REQUIRE(std::holds_alternative<worker_ended>(end));
    CHECK(std::get<worker_ended>(end).signal == SIGTERM);
  }
}
