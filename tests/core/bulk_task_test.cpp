#include <workpool/core/bulk_task.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"

#include <workpool/core/future.hpp>
#include <workpool/core/task_ref.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace wp = workpool;
using workpool_test::fake_owner;

namespace {

using body = std::function<void(std::size_t)>;
using bulk = wp::detail::bulk_call<body>;

/// A bulk whose parts all lie in a queue, as after a submit.
struct submitted {
  submitted(fake_owner& owner, std::size_t size, body callable) {
    bulk* const made = bulk::make(size, std::move(callable));
    result = wp::future<void>(made);
    made->accept_by(owner);
    made->start();
    for (std::size_t index = 0; index < size; ++index) {
      (*made)[index].accept_by(owner);
      (*made)[index].add_reference();
      queued.emplace_back(&(*made)[index]);
      made->accepted(index);
    }
    made->submitted();
  }
  wp::future<void> result;
  std::vector<wp::task_ref> queued;
};

}  // namespace

TEST_CASE("a bulk is settled with its last part") {
  fake_owner owner;
  int sum = 0;
  submitted all(owner, 3, [&](std::size_t index) { sum += static_cast<int>(index) + 1; });
  for (auto& one : all.queued) {
    CHECK_FALSE(all.result.ready());
    CHECK(fake_owner::run(std::move(one)));
  }
  CHECK(all.result.outcome() == wp::outcome::value);
  CHECK(sum == 6);
}

TEST_CASE("a bulk of nothing is settled when it has been submitted") {
  fake_owner owner;
  submitted all(owner, 0, [](std::size_t) {});
  CHECK(all.result.outcome() == wp::outcome::value);
}

TEST_CASE("calls are shared out evenly between parts, in their order") {
  for (const std::size_t calls : {5U, 6U, 64U, 1000U}) {
    const std::size_t parts = 5;
    bulk* const made = bulk::make(calls, parts, [](std::size_t) {});
    const wp::task_ref held(made);
    CHECK(made->size() == parts);
    CHECK(made->calls_from(0) == calls);
    std::size_t next = 0;
    for (std::size_t index = 0; index < parts; ++index) {
      const auto& one = (*made)[index];
      CHECK(one.next() == next);
      CHECK(one.left() == one.calls());
      CHECK((one.calls() == calls / parts || one.calls() == calls / parts + 1));
      next += one.left();
      CHECK(made->calls_from(index) - one.calls() == calls - next);
    }
    CHECK(next == calls);
    made->break_off(0, nullptr);
    made->submitted();
  }
}

TEST_CASE("a part of several calls knows which of them are left") {
  bulk* const made = bulk::make(10, 2, [](std::size_t) {});
  const wp::task_ref held(made);
  auto& one = (*made)[1];
  one.have_returned(3);
  CHECK(one.next() == 8);
  CHECK(one.left() == 2);
  CHECK(one.returned() == 3);
  CHECK(one.calls() == 5);
  made->break_off(0, nullptr);
  made->submitted();
}

TEST_CASE("after the first error the parts that wait are cancelled") {
  fake_owner owner;
  submitted all(owner, 3, [](std::size_t index) { throw std::runtime_error(std::to_string(index)); });
  CHECK(fake_owner::run(std::move(all.queued[1])));
  CHECK(all.result.outcome() == wp::outcome::failed);
  CHECK_FALSE(fake_owner::run(std::move(all.queued[0])));
  CHECK_FALSE(fake_owner::run(std::move(all.queued[2])));
  CHECK_THROWS_WITH(all.result.get(), "1");
  CHECK(owner.unobserved_errors.empty());
}

TEST_CASE("an error of a bulk that nobody looks at is reported once") {
  fake_owner owner;
  {
    submitted all(owner, 2, [](std::size_t) { throw std::runtime_error("unseen"); });
    CHECK(fake_owner::run(std::move(all.queued[0])));
  }
  CHECK(owner.unobserved_errors.size() == 1);
  CHECK(owner.held() == 0);
}

TEST_CASE("parts that were never accepted do not keep a bulk from its end") {
  fake_owner owner;
  bulk* const made = bulk::make(3, [](std::size_t) {});
  wp::future<void> result(made);
  made->accept_by(owner);
  made->start();
  (*made)[0].accept_by(owner);
  (*made)[0].add_reference();
  wp::task_ref first(&(*made)[0]);
  made->accepted(0);
  made->break_off(1, std::make_exception_ptr(std::runtime_error("no room")));
  made->submitted();
  CHECK_FALSE(fake_owner::run(std::move(first)));
  CHECK_THROWS_WITH(result.get(), "no room");
}

TEST_CASE("the callable of a bulk dies with its last body, before the outcome is told") {
  fake_owner owner;
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  submitted all(owner, 2, [captured = std::move(captured)](std::size_t) {});
  CHECK(fake_owner::run(std::move(all.queued[0])));
  CHECK_FALSE(alive.expired());
  CHECK(fake_owner::run(std::move(all.queued[1])));
  CHECK(alive.expired());
}

TEST_CASE("a cancelled part that still lies in a queue keeps neither the bulk nor its pool alive") {
  fake_owner owner;
  std::vector<wp::task_ref> queue;
  {
    submitted all(owner, 3, [](std::size_t) { throw std::runtime_error("unseen"); });
    CHECK(fake_owner::run(std::move(all.queued[0])));
    queue = std::move(all.queued);
  }
  CHECK(owner.unobserved_errors.size() == 1);
  CHECK(owner.held() == 0);
}
