#include <workpool/worker/worker_setup.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <workpool/core/error.hpp>

namespace wp = workpool;
using wp::detail::worker_setup;

namespace {

worker_setup full() {
  worker_setup setup;
  setup.max_message = std::size_t{1} << 33;
  setup.generation = 12;
  setup.rings = true;
  setup.on_start.emplace();
  setup.on_start->location.module = wp::detail::main_module();
  setup.on_start->location.offset = 0x4321;
  setup.on_start->path = "/usr/lib/jobs.so";
  return setup;
}

}  // namespace

TEST_CASE("what a pool tells a worker at its birth arrives as it was sent") {
  const worker_setup got = worker_setup::decode(full().encode());
  CHECK(got.max_message == full().max_message);
  CHECK(got.generation == 12);
  CHECK(got.rings);
  REQUIRE(got.on_start.has_value());
  CHECK(got.on_start->location == full().on_start->location);
  CHECK(got.on_start->path == "/usr/lib/jobs.so");

  worker_setup plain;
  plain.max_message = 1;
  const worker_setup less = worker_setup::decode(plain.encode());
  CHECK(less.max_message == 1);
  CHECK(less.generation == 0);
  CHECK_FALSE(less.rings);
  CHECK_FALSE(less.on_start.has_value());
}

TEST_CASE("a setup of another version of the protocol is refused, with both versions and the remedy") {
  std::string text = full().encode();
  text[0] = static_cast<char>(wp::protocol_version + 1);
  CHECK_THROWS_AS(worker_setup::decode(text), wp::protocol_error);
  CHECK_THROWS_WITH(worker_setup::decode(text),
                    Catch::Matchers::ContainsSubstring("version " + std::to_string(wp::protocol_version + 1)) &&
                        Catch::Matchers::ContainsSubstring("this worker " + std::to_string(wp::protocol_version)) &&
                        Catch::Matchers::ContainsSubstring("same workpool"));
}

TEST_CASE("a setup that was cut anywhere is refused") {
  const std::string text = full().encode();
  for (std::size_t length = 0; length < text.size(); ++length) {
    CHECK_THROWS_AS(worker_setup::decode(text.substr(0, length)), wp::codec_error);
  }
}
