#include <workpool/worker/zygote_wire.hpp>

#include "support/catch.hpp"

#include <string>
#include <variant>

using workpool::protocol_error;
using namespace workpool::detail;

TEST_CASE("orders of a host come back as they were") {
  worker_birth birth;
  birth.setup = "setup";
  birth.channel = 5;
  const auto asked = zygote_wire::decode_order(zygote_wire::encode(9, birth));
  REQUIRE(std::holds_alternative<zygote_wire::birth_request>(asked));
  CHECK(std::get<zygote_wire::birth_request>(asked).request == 9);
  CHECK(std::get<zygote_wire::birth_request>(asked).birth.setup == "setup");
  const auto killed = zygote_wire::decode_order(zygote_wire::encode(zygote_wire::kill_request{8, 15}));
  REQUIRE(std::holds_alternative<zygote_wire::kill_request>(killed));
  CHECK(std::get<zygote_wire::kill_request>(killed).request == 8);
  CHECK(std::get<zygote_wire::kill_request>(killed).signal == 15);
}

TEST_CASE("news of a zygote come back as they were") {
  const auto born = zygote_wire::decode_news(zygote_wire::encode(worker_born{3, 44, {}}));
  REQUIRE(std::holds_alternative<worker_born>(born));
  CHECK(std::get<worker_born>(born).request == 3);
  CHECK(std::get<worker_born>(born).pid == 44);
  const auto refused = zygote_wire::decode_news(zygote_wire::encode(worker_refused{4, 2, "exec of 'x'"}));
  REQUIRE(std::holds_alternative<worker_refused>(refused));
  CHECK(std::get<worker_refused>(refused).error == 2);
  CHECK(std::get<worker_refused>(refused).what == "exec of 'x'");
  const auto ended = zygote_wire::decode_news(zygote_wire::encode(worker_ended{5, 44, 6, 7, 8, workpool::duration(9)}));
  REQUIRE(std::holds_alternative<worker_ended>(ended));
  const auto& end = std::get<worker_ended>(ended);
  CHECK(end.request == 5);
  CHECK(end.pid == 44);
  CHECK(end.exit_code == 6);
  CHECK(end.signal == 7);
  CHECK(end.max_rss == 8);
  CHECK(end.cpu_time == workpool::duration(9));
}

TEST_CASE("what is cut off, too long or of another kind is a protocol error on both sides") {
  for (const std::string& whole :
       {zygote_wire::encode(1, worker_birth{}), zygote_wire::encode(zygote_wire::kill_request{1, 2})}) {
    CHECK_THROWS_AS(zygote_wire::decode_news(whole), protocol_error);
    CHECK_THROWS_AS(zygote_wire::decode_order(whole + "x"), protocol_error);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK_THROWS_AS(zygote_wire::decode_order(whole.substr(0, size)), protocol_error);
    }
  }
  for (const std::string& whole : {zygote_wire::encode(worker_born{}), zygote_wire::encode(worker_refused{1, 2, "x"}),
                                   zygote_wire::encode(worker_ended{})}) {
    CHECK_THROWS_AS(zygote_wire::decode_order(whole), protocol_error);
    CHECK_THROWS_AS(zygote_wire::decode_news(whole + "x"), protocol_error);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK_THROWS_AS(zygote_wire::decode_news(whole.substr(0, size)), protocol_error);
    }
  }
}

TEST_CASE("an announcement is only itself, and that of another version none") {
  const std::string hello = zygote_wire::announce(zygote_wire::kind::hello);
  CHECK(zygote_wire::is_announcement(hello, zygote_wire::kind::hello));
  CHECK_FALSE(zygote_wire::is_announcement(hello, zygote_wire::kind::session));
  CHECK_FALSE(zygote_wire::is_announcement(hello + "x", zygote_wire::kind::hello));
  CHECK_FALSE(zygote_wire::is_announcement("", zygote_wire::kind::hello));
  std::string other = hello;
  other.back() = static_cast<char>(other.back() ^ 1);
  CHECK_FALSE(zygote_wire::is_announcement(other, zygote_wire::kind::hello));
}
