#include <workpool/pool/refusal.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace wp = workpool;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The text of a refusal, which has to be an Error.
template <class Error>
std::string text_of(wp::errc reason, const wp::queue_options& queue = {}) {
  try {
    wp::detail::refuse(reason, {.name = "calc", .queue = queue});
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a refusal for want of room names the capacity and the policy that does not wait", "[refusal]") {
  const std::string text = text_of<wp::queue_full>(wp::errc::queue_full, {.capacity = 7});
  CHECK_THAT(text, ContainsSubstring("pool 'calc'") && ContainsSubstring("queue.capacity 7") &&
                       ContainsSubstring("queue.on_full") && ContainsSubstring("raise the capacity"));
}

TEST_CASE("a refusal after a wait names how long the wait could be", "[refusal]") {
  const std::string text = text_of<wp::enqueue_timeout>(wp::errc::enqueue_timeout, {.capacity = 7, .block_for = 2ms});
  CHECK_THAT(text, ContainsSubstring("pool 'calc'") && ContainsSubstring("queue.block_for 2 ms") &&
                       ContainsSubstring("queue.capacity 7") && ContainsSubstring("raise either"));
}

TEST_CASE("a refusal of a worker whose stack is used up says so", "[refusal]") {
  const std::string text = text_of<wp::would_deadlock>(wp::errc::would_deadlock, {.capacity = 7});
  CHECK_THAT(text, ContainsSubstring("pool 'calc'") && ContainsSubstring("queue.capacity 7") &&
                       ContainsSubstring("stack of a worker") && ContainsSubstring("from within tasks"));
}

TEST_CASE("a refusal of a pool that ends speaks of no option", "[refusal]") {
  const std::string text = text_of<wp::pool_stopped>(wp::errc::pool_stopped, {.capacity = 7});
  CHECK_THAT(text, ContainsSubstring("pool 'calc'") && ContainsSubstring("shutdown has begun"));
  CHECK_THAT(text, !ContainsSubstring("capacity"));
}
