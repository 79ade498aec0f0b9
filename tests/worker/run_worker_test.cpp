#include <workpool/worker/run_worker.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/ipc/code_locator.hpp>
#include <workpool/worker/call_frame.hpp>

#include "support/forked.hpp"

namespace wp = workpool;
using namespace wp::detail;

namespace {

/// A worker in a fork of this process, whose host is the test. Gives: its exit code.
template <class Host>
int code_of_worker(const std::string& setup, Host host) {
  socket_pair ends = socket_pair::make(socket_kind::stream);
  wp::socket_channel line(std::move(ends.left), 4096);
  host(line);
  return workpool_test::code_of_child([&] {
    worker_birth birth;
    birth.id = 3;
    birth.setup = setup;
    birth.channel = ends.right.release();
    line.close();
    const int code = run_worker(birth);
    return birth.channel == -1 || code != 0 ? code : 99;
  });
}

std::string setup_of_generation(std::uint64_t generation) {
  worker_setup setup;
  setup.max_message = 1000;
  setup.generation = generation;
  return setup.encode();
}

bool asks_for_token(std::stop_token stop) { return stop.stop_possible(); }

}  // namespace

TEST_CASE("a worker whose task has asked for its stop token leaves as any other") {
  socket_pair ends = socket_pair::make(socket_kind::stream);
  REQUIRE(ends);
  wp::socket_channel host(std::move(ends.left), 4096);
  std::vector<std::byte> call;
  wp::byte_writer out(call, 4096);
  code_locator places;
  out.write_raw(call_target::code);
  write_code(out, places.locate(code_address(&enter_call<bool (*)(std::stop_token)>)));
  write_code(out, places.locate(code_address(&asks_for_token)));
  REQUIRE(host.send({.task = 1, .attempt = 1, .kind = wp::frame_kind::task}, call) == wp::transfer::done);
  REQUIRE(host.send({.kind = wp::frame_kind::quit}, {}) == wp::transfer::done);
  CHECK(workpool_test::code_of_child([&] {
          ::alarm(20);
          worker_birth birth;
          birth.setup = setup_of_generation(1);
          birth.channel = ends.right.release();
          return run_worker(birth);
        }) == 0);
  wp::frame got;
  REQUIRE(host.receive(got) == wp::transfer::done);
  REQUIRE(host.receive(got) == wp::transfer::done);
  CHECK(got.header.kind == wp::frame_kind::result);
}

TEST_CASE("a worker leaves with 0 when it is told to quit, having greeted by the number its setup gave it") {
  socket_pair ends = socket_pair::make(socket_kind::stream);
  REQUIRE(ends);
  wp::socket_channel host(std::move(ends.left), 4096);
  REQUIRE(host.send({.kind = wp::frame_kind::quit}, {}) == wp::transfer::done);
  CHECK(workpool_test::code_of_child([&] {
          worker_birth birth;
          birth.setup = setup_of_generation(9);
          birth.channel = ends.right.release();
          return run_worker(birth);
        }) == 0);
  wp::frame hello;
  REQUIRE(host.receive(hello) == wp::transfer::done);
  CHECK(hello.header.kind == wp::frame_kind::hello);
  CHECK(hello.header.generation == 9);
  worker_greeting said;
  REQUIRE(hello.payload.size() == sizeof said);
  std::memcpy(&said, hello.payload.data(), sizeof said);
  CHECK(said.version == wp::protocol_version);
  CHECK(said.program == main_module());
}

TEST_CASE("a worker whose host is gone leaves with 0") {
  CHECK(code_of_worker(setup_of_generation(1), [](wp::socket_channel& line) { line.close(); }) == 0);
}

TEST_CASE("a worker that cannot read its setup says so and leaves with 1") {
  pipe_ends said = pipe_ends::make();
  REQUIRE(said);
  CHECK(workpool_test::code_of_child([&] {
          ::dup2(said.writing.get(), 2);
          worker_birth birth;
          birth.id = 3;
          birth.setup = "nonsense";
          return run_worker(birth);
        }) == 1);
  said.writing.reset();
  CHECK_THAT(workpool_test::read_all(said.reading.get()),
             Catch::Matchers::ContainsSubstring("worker 3 cannot begin: "));
}
