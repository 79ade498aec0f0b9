#include <workpool/pool/remote_call.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>

#include "support/fake_link.hpp"

namespace wp = workpool;
using namespace wp::detail;
using workpool_test::encoded;
using workpool_test::fake_link;
using byte_vector = std::vector<std::byte>;

namespace {

template <class Task>
class held {
 public:
  explicit held(Task* one) noexcept : one_(one) { one_->describe_as(17, wp::priority::normal); }
  held(const held&) = delete;
  held& operator=(const held&) = delete;
  ~held() { one_->drop_reference(); }
  Task* operator->() const noexcept { return one_; }
  Task& operator*() const noexcept { return *one_; }

 private:
  Task* const one_;
};

byte_vector made(std::uint64_t count, std::uint64_t last_is_cancelled = 0) {
  byte_vector bytes;
  wp::byte_writer(bytes, sizeof(calls_made)).write_raw(calls_made{count, last_is_cancelled});
  return bytes;
}

byte_vector request_of(task& one) {
  byte_vector scratch;
  const auto bytes = one.elsewhere()->request(one, scratch);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("a remote call sends the request it was made with, every time, until it is dropped") {
  const fake_link crew;
  const held one(new remote_call<int>(encoded(7, 8), crew.link()));
  CHECK(request_of(*one) == encoded(7, 8));
  CHECK(request_of(*one) == encoded(7, 8));
  one->drop();
  CHECK(request_of(*one).empty());
}

TEST_CASE("a large request is lent, and outlives the remote call with who has borrowed it") {
  const fake_link crew;
  const std::string text(200'000, 'x');
  std::shared_ptr<const void> owner;
  const std::byte* where = nullptr;
  {
    const held one(new remote_call<int>(encoded(text), crew.link()));
    byte_vector scratch;
    where = one->request(*one, scratch).data();
    owner = one->lend();
    REQUIRE(owner != nullptr);
    one->drop();
    CHECK(one->lend() == nullptr);
  }
  const byte_vector expected = encoded(text);
  CHECK(std::equal(expected.begin(), expected.end(), where));
  CHECK(held(new remote_call<int>(encoded(7), crew.link()))->lend() == nullptr);
}

TEST_CASE("a remote call keeps the value of the answer, and that of a later answer instead") {
  const fake_link crew;
  const held one(new remote_call<std::string>({}, crew.link()));
  one->accept(*one, encoded(std::string("first")));
  one->accept(*one, encoded(std::string(1000, 'x')));
  CHECK(one->take() == std::string(1000, 'x'));
}

TEST_CASE("an answer that is not exactly the result is refused by a remote call") {
  const fake_link crew;
  const held number(new remote_call<int>({}, crew.link()));
  CHECK_THROWS_AS(number->accept(*number, encoded(short{1})), wp::codec_error);
  CHECK_THROWS_AS(number->accept(*number, encoded(1, 2)), wp::codec_error);
  const held nothing(new remote_call<void>({}, crew.link()));
  CHECK_THROWS_AS(nothing->accept(*nothing, encoded(1)), wp::codec_error);
  CHECK_NOTHROW(nothing->accept(*nothing, {}));
}

TEST_CASE("a remote call is never run here, and says who could run it") {
  const fake_link crew;
  const held one(new remote_call<void>({}, crew.link()));
  CHECK_THROWS_AS(one->invoke(), wp::unsupported);
  CHECK_THROWS_WITH(one->invoke(), Catch::Matchers::ContainsSubstring("task 17") &&
                                       Catch::Matchers::ContainsSubstring("worker process"));
}

TEST_CASE("to cancel a remote call that runs is to ask its crew, while that is there") {
  fake_link crew;
  const held one(new remote_call<void>({}, crew.link()));
  one->accept_by(crew.owner);
  REQUIRE(one->start());
  CHECK(one->cancel() == wp::cancel_result::stop_requested);
  CHECK(crew.stopped == std::vector<const task*>{&*one});
  crew.link()->cut();
  CHECK(one->cancel() == wp::cancel_result::too_late);
  CHECK(crew.stopped.size() == 1);
}

TEST_CASE("a remote call behind a std::future hands over its value, or what it ended with") {
  const fake_link crew;
  const held good(new remote_promise<int>({}, crew.link()));
  std::future<int> value = good->get_future();
  good->accept(*good, encoded(42));
  good->deliver(wp::outcome::value);
  CHECK(value.get() == 42);

  const held bad(new remote_promise<int>({}, crew.link()));
  std::future<int> none = bad->get_future();
  bad->deliver(wp::outcome::cancelled);
  CHECK_THROWS_AS(none.get(), wp::task_cancelled);
}

TEST_CASE("a guarded call lets go of its guard when it is dropped, not when it is destroyed") {
  const fake_link crew;
  auto guard = std::make_shared<int>(1);
  const held one(new guarded_call<std::shared_ptr<int>>(encoded(1), crew.link(), guard));
  CHECK(guard.use_count() == 2);
  one->drop();
  CHECK(guard.use_count() == 1);
  CHECK(request_of(*one).empty());
}

TEST_CASE("each part of a remote bulk sends what all share, and then which calls are left of it") {
  fake_link crew;
  const byte_vector shared = encoded(std::string("what all share"));
  auto* const all = bulk_call<remote_calls_of_bulk>::make(8, 3, remote_calls_of_bulk(shared, crew.link()));
  const held bulk(all);
  all->accept_by(crew.owner);
  REQUIRE(all->start());
  const auto asks_for = [&](bulk_part& part, std::uint64_t first, std::uint64_t count, std::uint64_t before) {
    byte_vector expected = shared;
    wp::byte_writer out(expected, sizeof(part_of_bulk));
    out.write_raw(part_of_bulk{first, count, before});
    return request_of(part) == expected;
  };
  CHECK(asks_for((*all)[0], 0, 3, 0));
  CHECK(asks_for((*all)[1], 3, 3, 0));
  CHECK(asks_for((*all)[2], 6, 2, 0));

  bulk_part& part = (*all)[1];
  remote_body& body = *part.elsewhere();
  CHECK_THROWS_AS(body.take_in(part, made(4)), wp::codec_error);
  CHECK_THROWS_AS(body.take_in(part, made(0, 1)), wp::codec_error);
  CHECK_THROWS_AS(body.take_in(part, encoded(1)), wp::codec_error);
  progress done = body.take_in(part, made(0));
  CHECK(done.made == 0);
  CHECK_FALSE(done.is_all);
  done = body.take_in(part, made(2, 1));
  CHECK(done.made == 2);
  CHECK(done.last_is_cancelled);
  CHECK_FALSE(done.is_all);
  CHECK(asks_for(part, 5, 1, 2));
  done = body.take_in(part, made(1));
  CHECK(done.made == 1);
  CHECK(done.is_all);
  CHECK_FALSE(done.last_is_cancelled);
  CHECK(body.is_wanted(part));
  all->cancel();
  CHECK_FALSE(body.is_wanted(part));
  CHECK_THROWS_AS(part.invoke(), wp::unsupported);
  all->break_off(0, nullptr);
  all->submitted();
  CHECK(all->settled());
}
