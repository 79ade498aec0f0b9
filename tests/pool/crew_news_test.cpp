#include <workpool/pool/crew_news.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/outcome.hpp>

namespace wp = workpool;
using wp::detail::crew_news;
using wp::detail::remote_end;

TEST_CASE("a look that has found nothing leaves nothing to do") {
  const crew_news none;
  CHECK(none.ends.empty());
  CHECK((none.started.empty() && none.exited.empty() && none.failed.empty()));
  CHECK_FALSE(none.fault.has_value());
  CHECK_FALSE((none.freed || none.all_failed || none.back || none.changed));
}

TEST_CASE("an end that says nothing else is that of a task whose worker was lost and that may be run again") {
  const remote_end end;
  CHECK(end.result == wp::outcome::worker_lost);
  CHECK(end.may_follow);
  CHECK(end.error == nullptr);
  CHECK(end.answer.header.kind != wp::frame_kind::result);
  CHECK(end.answer.header.kind != wp::frame_kind::error);
}

TEST_CASE("answers are handed on without a copy of their bytes") {
  static_assert(std::is_nothrow_move_constructible_v<remote_end>);
  crew_news todo;
  remote_end end;
  end.answer.payload.assign(std::vector<std::byte>(1000, std::byte{7}));
  const std::byte* const bytes = end.answer.payload.data();
  todo.ends.push_back(std::move(end));
  for (int n = 0; n < 10; ++n) todo.ends.emplace_back();  // they move
  const crew_news later = std::move(todo);
  CHECK(later.ends.front().answer.payload.data() == bytes);
}
