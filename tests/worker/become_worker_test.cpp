#include <workpool/worker/become_worker.hpp>

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;

namespace {

/// What a fork of this process complains of before it ends, "" for nothing, and how it ends.
birth_complaint complaint_of(const worker_birth& birth, worker_main main, int& code) {
  socket_pair complaints = socket_pair::make(socket_kind::packets);
  const int zygote = ::getpid();
  const int pid = ::fork();
  if (pid == 0) become_worker(birth, zygote, std::move(complaints.right), main);
  complaints.right.reset();
  int status = 0;
  ::waitpid(pid, &status, 0);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  packet received;
  if (receive_packet(complaints.left.get(), received) != arrival::complete) return {};
  return birth_complaint::from(received.bytes);
}

int nine(worker_birth&) { return 9; }

}  // namespace

TEST_CASE("a worker that becomes one complains of nothing and ends with what its main returns") {
  int code = 0;
  CHECK(complaint_of({}, &nine, code).error == 0);
  CHECK(code == 9);
}

TEST_CASE("by then out and err are its standard streams, and no descriptors of their own any more") {
  worker_birth birth;
  birth.out = birth.err = 2;
  int code = 0;
  complaint_of(
      birth, [](worker_birth& seen) { return seen.out == -1 && seen.err == -1 ? 0 : 1; }, code);
  CHECK(code == 0);
}

TEST_CASE("what it cannot be is complained of, by errno and step, and main does not run") {
  int code = 0;
  worker_birth birth;
  birth.program = {"/nonexistent/program"};
  auto complaint = complaint_of(birth, &nine, code);
  CHECK(complaint.error == ENOENT);
  CHECK(complaint.step == "exec");
  CHECK(code == 1);

  birth = {};
  birth.env = {{"A=B", "1"}};
  complaint = complaint_of(birth, &nine, code);
  CHECK(complaint.error == EINVAL);
  CHECK(complaint.step == "environment");
  CHECK(code == 1);

  birth = {};
  birth.out = 1'000'000;
  complaint = complaint_of(birth, &nine, code);
  CHECK(complaint.error == EBADF);
  CHECK(complaint.step == "standard output");
}
