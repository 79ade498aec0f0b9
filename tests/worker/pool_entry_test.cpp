#if __has_include(<boost/process/v1/child.hpp>) || __has_include(<boost/process/child.hpp>)
#include <workpool/worker/pool_entry.hpp>

#include "support/catch.hpp"

#include <cstdlib>
#include <string>
#include <workpool/detail/posix/byte_file.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/ipc/socket_channel.hpp>
#include <workpool/worker/worker_setup.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;

namespace {

/// What main returns in a fork of this process that was started in a role.
int code_of_role(const assigned_role& role) {
  return workpool_test::code_of_child([&] {
    for (const auto& [name, value] : role.variables()) ::setenv(name.c_str(), value.c_str(), 1);
    return workpool::worker_entry(0, nullptr).value_or(77);
  });
}

}  // namespace

TEST_CASE("a program that is no worker goes on, and can start fork pools from there on") {
  CHECK_FALSE(workpool::worker_entry(0, nullptr).has_value());
  CHECK(registered_spawner::get() == &boost_spawner::launch);
}

TEST_CASE("a program that was started as a worker of a pool greets its host and ends when that is gone") {
  socket_pair ends = socket_pair::make(socket_kind::stream);
  REQUIRE(ends);
  worker_setup setup;
  setup.max_message = 100;
  setup.generation = 4;
  worker_birth birth;
  birth.setup = setup.encode();
  birth.channel = ends.right.get();
  const unique_fd file = byte_file(encode_birth(birth));
  workpool::socket_channel host(std::move(ends.left), 4096);
  REQUIRE(host.send({.kind = workpool::frame_kind::quit}, {}) == workpool::transfer::done);
  CHECK(code_of_role({process_role::worker, file.get()}) == 0);
  workpool::frame hello;
  REQUIRE(host.receive(hello) == workpool::transfer::done);
  CHECK(hello.header.kind == workpool::frame_kind::hello);
  CHECK(hello.header.generation == 4);
}

TEST_CASE("a program that was started as a worker without a birth is to return an error") {
  const unique_fd file = byte_file("no birth");
  CHECK(code_of_role({process_role::worker, file.get()}) == not_a_worker);
}
#endif
