#include <workpool/worker/zygote_news.hpp>

#include "support/catch.hpp"

#include <type_traits>
#include <utility>

using namespace workpool::detail;

TEST_CASE("news can be moved and not copied, as a birth owns its pidfd") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<zygote_news>);
  zygote_news news = worker_born{.request = 1, .pid = 2, .pidfd = unique_fd(-1)};
  const zygote_news moved = std::move(news);
  CHECK(std::get<worker_born>(moved).pid == 2);
}
