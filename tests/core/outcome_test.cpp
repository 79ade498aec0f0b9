#include <workpool/core/outcome.hpp>

#include "support/catch.hpp"

#include <utility>

using workpool::cancel_result;
using workpool::outcome;

TEST_CASE("every outcome has its own name as text") {
  const std::pair<outcome, const char*> names[] = {
      {outcome::value, "value"},         {outcome::failed, "failed"},          {outcome::cancelled, "cancelled"},
      {outcome::expired, "expired"},     {outcome::timed_out, "timed_out"},    {outcome::worker_lost, "worker_lost"},
      {outcome::discarded, "discarded"}, {outcome::pool_broken, "pool_broken"}};
  for (const auto& [value, name] : names) CHECK(to_string(value) == name);
  CHECK(to_string(static_cast<outcome>(99)) == "invalid");
}

TEST_CASE("every result of a cancel has its own name as text") {
  CHECK(to_string(cancel_result::dequeued) == "dequeued");
  CHECK(to_string(cancel_result::stop_requested) == "stop_requested");
  CHECK(to_string(cancel_result::too_late) == "too_late");
  CHECK(to_string(static_cast<cancel_result>(99)) == "invalid");
}
