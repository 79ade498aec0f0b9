#include <workpool/worker/buffer_mail.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <thread>

using namespace std::chrono_literals;
namespace wp = workpool;

TEST_CASE("who asks by mail sleeps until there is an answer, a place or the reason why there is none") {
  wp::detail::buffer_mail mail;
  for (int turn = 0; turn < 100; ++turn) {
    mail.ask();
    std::thread host([&] {
      if (turn % 2 == 0) mail.answer({7, 4096, 100});
      if (turn % 2 == 1) mail.answer("no room");
    });
    REQUIRE(mail.await(wp::time_point::max()));
    CHECK(mail.place().id == (turn % 2 == 0 ? 7U : 0U));
    CHECK(mail.problem() == (turn % 2 == 0 ? "" : "no room"));
    host.join();
  }
}

TEST_CASE("without an answer mail is awaited until the deadline, and a long reason is cut") {
  wp::detail::buffer_mail mail;
  mail.ask();
  CHECK_FALSE(mail.await(wp::steady::now() + 1ms));
  mail.answer(std::string(2000, 'x'));
  CHECK(mail.await(wp::steady::now()));
  CHECK(mail.problem() == std::string(511, 'x'));
}
