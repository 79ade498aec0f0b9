#include <workpool/pool/start_backoff.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::time_point;
using workpool::detail::start_backoff;

TEST_CASE("as long as nothing has failed a start may be tried at any time", "[backoff]") {
  const start_backoff starts;
  CHECK_FALSE(starts.pending());
  CHECK(starts.may_try(time_point{}));
  CHECK(starts.retry_at() == time_point::max());
}

TEST_CASE("a failed start is tried again after 100 ms, then after twice as long each time, at most 30 s", "[backoff]") {
  start_backoff starts;
  time_point now{1h};
  workpool::duration wait = 100ms;
  for (int failure = 0; failure < 15; ++failure) {
    starts.failed(now);
    CHECK(starts.pending());
    CHECK(starts.retry_at() == now + wait);
    CHECK_FALSE(starts.may_try(now + wait - 1ns));
    CHECK(starts.may_try(now + wait));
    now += wait;
    wait = std::min<workpool::duration>(2 * wait, 30s);
  }
  CHECK(wait == 30s);
}

TEST_CASE("after a start that succeeded the next failure is a first one", "[backoff]") {
  start_backoff starts;
  const time_point now{1h};
  for (int failure = 0; failure < 5; ++failure) starts.failed(now);
  starts.succeeded();
  CHECK_FALSE(starts.pending());
  CHECK(starts.may_try(now));
  starts.failed(now);
  CHECK(starts.retry_at() == now + 100ms);
}
