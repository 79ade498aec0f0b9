#include <workpool/core/remote_body.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>
#include <workpool/core/bulk_task.hpp>
#include <workpool/core/future.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_ref.hpp>

#include "support/fake_owner.hpp"

namespace wp = workpool;
using workpool_test::as_worker_of;
using workpool_test::fake_owner;
using wp::cancel_result;
using wp::outcome;
using body_base = wp::detail::remote_body;

namespace {

using stop_function = std::function<cancel_result(wp::detail::task&)>;

/// A body elsewhere that does as it is told.
class distant_body : public body_base {
 public:
  explicit distant_body(stop_function on_stop) : on_stop_(std::move(on_stop)) {}
  distant_body(distant_body&& other) noexcept : on_stop_(std::move(other.on_stop_)) {}
  std::span<const std::byte> request(const wp::detail::task&, std::vector<std::byte>&) override { return {}; }
  void accept(wp::detail::task&, std::span<const std::byte>, const wp::detail::carried_buffers*) override {}
  cancel_result stop(wp::detail::task& one) noexcept override { return on_stop_(one); }
  void operator()(std::size_t) const {}

 private:
  stop_function on_stop_;
};

class distant_task final : public wp::detail::task {
 public:
  distant_task(fake_owner& owner, stop_function on_stop) : body_(std::move(on_stop)) {
    describe_as(17, wp::priority::normal);
    accept_by(owner);
  }
  void invoke() override { ++invoked; }
  void drop() noexcept override { ++dropped; }
  body_base* elsewhere() noexcept override { return &body_; }

  int invoked = 0, dropped = 0;

 private:
  distant_body body_;
};

/// Such a task, and how often its body was stopped.
struct distant {
  explicit distant(stop_function on_stop = [](wp::detail::task&) { return cancel_result::stop_requested; })
      : one(new distant_task(owner, [this, on_stop = std::move(on_stop)](wp::detail::task& which) {
          ++stops;
          return on_stop(which);
        })) {}
  distant(const distant&) = delete;
  distant& operator=(const distant&) = delete;
  ~distant() { one->drop_reference(); }

  fake_owner owner;
  int stops = 0;
  distant_task* const one;
};

}  // namespace

TEST_CASE("a body that says nothing about its request lends nothing") {
  const distant here;
  CHECK(here.one->elsewhere()->lend() == nullptr);
}

TEST_CASE("a task whose body is elsewhere is not run by who waits for it") {
  distant here;
  here.one->help();
  {
    const as_worker_of worker(here.owner);
    here.one->help_own();
  }
  CHECK(here.owner.runs_here == 0);
  CHECK(here.one->invoked == 0);
  CHECK(here.one->waiting());
}

TEST_CASE("a waiting task whose body is elsewhere is withdrawn by cancel, and nobody there hears of it") {
  distant here;
  CHECK(here.one->cancel() == cancel_result::dequeued);
  CHECK(here.stops == 0);
  CHECK(here.one->dropped == 1);
  CHECK(here.owner.withdrawals == std::vector<fake_owner::withdrawal>{{17, outcome::cancelled}});
  CHECK(here.one->cancel() == cancel_result::too_late);
  CHECK(here.stops == 0);
}

TEST_CASE("the cancelling of a running body elsewhere is left to the body") {
  distant here;
  REQUIRE(here.one->start());
  CHECK(here.one->cancel() == cancel_result::stop_requested);
  CHECK(here.stops == 1);
  CHECK_FALSE(here.one->state().stop_requested());
  CHECK(here.one->state().phase() == wp::detail::task_phase::running);
}

TEST_CASE("a body elsewhere that has ended cannot be stopped") {
  distant here([](wp::detail::task& one) {
    one.finish(outcome::value);
    return cancel_result::too_late;
  });
  REQUIRE(here.one->start());
  CHECK(here.one->cancel() == cancel_result::too_late);
  CHECK(here.one->state().outcome() == outcome::value);
  CHECK(here.owner.withdrawals.empty());
}

TEST_CASE("a task that is put back while its body is being stopped is withdrawn") {
  distant here([](wp::detail::task& one) {
    one.put_back(outcome::failed);
    return cancel_result::too_late;
  });
  REQUIRE(here.one->start());
  CHECK(here.one->cancel() == cancel_result::dequeued);
  CHECK(here.stops == 1);
  CHECK(here.one->state().outcome() == outcome::cancelled);
}

TEST_CASE("the parts of a bulk have the body of its callable until that is gone") {
  fake_owner owner;
  auto* const all = wp::detail::bulk_call<distant_body>::make(
      3, distant_body([](wp::detail::task&) { return cancel_result::stop_requested; }));
  wp::future<void> result(all);
  all->accept_by(owner);
  REQUIRE(all->start());
  body_base* const body = (*all)[0].elsewhere();
  REQUIRE(body != nullptr);
  std::vector<wp::task_ref> queued;
  for (std::size_t index = 0; index < 3; ++index) {
    CHECK((*all)[index].elsewhere() == body);
    (*all)[index].accept_by(owner);
    (*all)[index].add_reference();
    queued.emplace_back(&(*all)[index]);
    all->accepted(index);
  }
  all->submitted();
  all->help();
  CHECK(owner.runs_here == 0);
  CHECK(result.cancel() == cancel_result::dequeued);
  CHECK(queued.front().get()->elsewhere() == nullptr);
}

TEST_CASE("the parts of a bulk whose callable is here have no body elsewhere") {
  fake_owner owner;
  auto* const all = wp::detail::bulk_call<void (*)(std::size_t)>::make(1, [](std::size_t) {});
  const wp::future<void> result(all);
  all->accept_by(owner);
  REQUIRE(all->start());
  CHECK((*all)[0].elsewhere() == nullptr);
  all->break_off(0, nullptr);
  all->submitted();
  CHECK(result.ready());
}
