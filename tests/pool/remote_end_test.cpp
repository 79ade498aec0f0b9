#include <workpool/pool/remote_end.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/future.hpp>
#include <workpool/core/task_details.hpp>
#include <workpool/pool/remote_call.hpp>

#include "support/balance.hpp"
#include "support/fake_link.hpp"

namespace wp = workpool;
using namespace wp::detail;
using workpool_test::encoded;
using wp::errc;
using wp::outcome;

namespace {

/// Lets a task be run again so often.
class some_attempts final : public attempt_plan {
 public:
  explicit some_attempts(unsigned more) : more_(more) {}
  void begin() noexcept override {}
  bool may_follow(std::uint32_t ended) const noexcept override { return ended <= more_; }
  std::optional<wp::duration> next(outcome, const std::exception_ptr&, wp::duration) override {
    return more_ != 0 && more_-- != 0 ? std::optional<wp::duration>(0) : std::nullopt;
  }

 private:
  unsigned more_;
};

/// A pool that only keeps books, of tasks that run elsewhere.
struct host final : task_owner {
  void withdrawn(task& one, outcome result) noexcept override { ledger.withdrawn(one, result); }
  void run_here(task&) override {}
  bool wait_inside(task& one, wp::time_point) override { return one.settled(); }
  bool lets_help() const noexcept override { return false; }
  void expect_no_more() noexcept override { ++over; }
  bool put_back(task& one, outcome how, wp::time_point) noexcept override {
    if (!takes_back || !one.put_back(how)) return false;
    one.add_reference();
    waiting.push_back(&one);
    return true;
  }
  void unobserved(wp::task_id, const std::exception_ptr&) noexcept override { ++unseen; }
  void retain() noexcept override {}
  void release() noexcept override {}

  /// A task that runs on worker 3.
  struct running {
    remote_call<std::string>* one;
    wp::future<std::string> result;
  };
  running begin(unsigned more_attempts = 0) {
    auto* const made = new remote_call<std::string>(encoded(1), crew.link());
    made->describe_as(7, wp::priority::normal);
    if (more_attempts != 0) made->details().plan = std::make_unique<some_attempts>(more_attempts);
    ledger.intake().accept(made->lane());
    made->accept_by(*this);
    made->add_reference();
    running begun{made, wp::future<std::string>(made)};
    made->start();
    ledger.begin(*made, 3, ledger.shared_books());
    return begun;
  }
  void end(remote_end how) {
    how.worker = 3;
    how.begun_at = wp::steady::now();
    settle(ledger, ledger.shared_books(), std::move(how));
  }
  wp::pool_stats stats() const {
    wp::pool_stats now;
    ledger.write_to(now);
    return now;
  }

  workpool_test::fake_link crew;
  const wp::pool_options options{};
  task_ledger ledger{options};
  std::vector<task*> waiting;
  bool takes_back = true;
  int over = 0, unseen = 0;
};

wp::frame answer(wp::frame_kind kind, const std::vector<std::byte>& payload, errc flags = errc()) {
  return {{.task = 7, .attempt = 1, .kind = kind, .flags = static_cast<std::uint16_t>(flags)},
          wp::byte_buffer(payload)};
}

wp::frame value(const std::string& text) { return answer(wp::frame_kind::result, encoded(text)); }

wp::frame thrown(const std::string& text, errc flags = errc()) {
  std::vector<std::byte> bytes;
  wp::byte_writer out(bytes, 4096);
  encode_exception(out, std::make_exception_ptr(std::runtime_error(text)));
  return answer(wp::frame_kind::error, std::move(bytes), flags);
}

}  // namespace

TEST_CASE("an answer with a result settles its task with that value, and its request is gone") {
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .answer = value("done")});
  std::vector<std::byte> scratch;
  CHECK(one->request(*one, scratch).empty());
  CHECK(result.get() == "done");
  CHECK(pool.stats().completed == 1);
  CHECK(pool.ledger.balanced());
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("what the worker threw comes out as a remote_error with its text, and is tallied") {
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .answer = thrown("no luck")});
  CHECK(result.outcome() == outcome::failed);
  CHECK_THROWS_AS(result.get(), wp::remote_error);
  CHECK(pool.stats().failed == 1);
  CHECK(pool.stats().errors.size() == 1);
}

TEST_CASE("an error with a code of ours comes out as the class of that code") {
  const auto ends_as = [](errc code) {
    host pool;
    auto [one, result] = pool.begin();
    pool.end({.one = one, .answer = thrown("why", code)});
    try {
      result.get();
    } catch (const wp::error& error) {
      CHECK(error.code() == make_error_code(code));
      CHECK(std::string(error.what()) == "why");
    }
    return result.valid() ? outcome::value : outcome::failed;
  };
  for (const errc code : {errc::message_too_large, errc::codec_error, errc::unsupported, errc::protocol_error}) {
    CHECK(ends_as(code) == outcome::failed);
  }
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .answer = thrown("too much", errc::message_too_large)});
  CHECK_THROWS_AS(result.get(), wp::message_too_large);
}

TEST_CASE("a task that threw task_cancelled in its worker is cancelled, not failed") {
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .answer = thrown("stopped", errc::task_cancelled)});
  CHECK(result.outcome() == outcome::cancelled);
  CHECK_THROWS_AS(result.get(), wp::task_cancelled);
  CHECK(pool.stats().cancelled == 1);
  CHECK(pool.stats().failed == 0);
  CHECK(pool.stats().errors.empty());
}

TEST_CASE("a code that is none of ours fails its task with the text") {
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .answer = thrown("odd", static_cast<errc>(999))});
  CHECK_THROWS_WITH(result.get(), Catch::Matchers::ContainsSubstring("odd"));
}

TEST_CASE("an answer that cannot be decoded fails its task") {
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .answer = answer(wp::frame_kind::result, {std::byte{1}})});
  CHECK_THROWS_AS(result.get(), wp::codec_error);
  auto [other, error] = pool.begin();
  pool.end({.one = other, .answer = answer(wp::frame_kind::error, {std::byte{0}})});
  CHECK_THROWS_AS(error.get(), wp::codec_error);
  CHECK(pool.stats().failed == 2);
}

TEST_CASE("without an answer the end is what it says") {
  host pool;
  auto [one, result] = pool.begin();
  pool.end({.one = one, .result = outcome::worker_lost, .error = std::make_exception_ptr(wp::worker_lost("gone"))});
  CHECK(result.outcome() == outcome::worker_lost);
  CHECK_THROWS_WITH(result.get(), "gone");
  auto [late, timed_out] = pool.begin();
  pool.end({.one = late, .result = outcome::timed_out});
  CHECK_THROWS_AS(timed_out.get(), wp::task_timeout);
}

TEST_CASE("an attempt that may be followed by another one puts its task back, and the value of that counts") {
  host pool;
  auto [one, result] = pool.begin(1);
  pool.end({.one = one, .answer = thrown("first")});
  REQUIRE(pool.waiting.size() == 1);
  CHECK_FALSE(result.ready());
  CHECK(pool.over == 0);
  CHECK(one->attempt() == 2);
  REQUIRE(one->start(1));
  REQUIRE(pool.ledger.begin(*one, 3, pool.ledger.shared_books()));
  pool.end({.one = one, .answer = value("second")});
  CHECK(result.get() == "second");
  CHECK(pool.over == 1);
}

TEST_CASE("no attempt follows where none may, or where the pool takes the task back no more") {
  host pool;
  auto [one, result] = pool.begin(5);
  pool.end({.one = one, .answer = thrown("final"), .may_follow = false});
  CHECK_THROWS_WITH(result.get(), "final");
  auto [other, refused] = pool.begin(5);
  pool.takes_back = false;
  pool.end({.one = other, .answer = thrown("also")});
  CHECK_THROWS_WITH(refused.get(), "also");
  CHECK(pool.waiting.empty());
  CHECK(pool.over == 2);
  CHECK(pool.ledger.balanced());
}

TEST_CASE("an error that nobody looks at is told of as unobserved, also when it came from a worker") {
  host pool;
  {
    const auto begun = pool.begin();
    pool.end({.one = begun.one, .answer = thrown("unseen")});
  }
  CHECK(pool.unseen == 1);
}
