#include <workpool/core/subscription.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>

using workpool::subscription;

namespace {

/// The poorest thing a handler can be attached to.
class doorbell : public workpool::detail::attached_handler {
 public:
  explicit doorbell(std::function<void()> handler) : handler_(std::move(handler)) {}

  bool ring() {
    std::unique_lock lock(mutex_);
    if (cancelled_) return false;
    enter();
    lock.unlock();
    handler_();
    lock.lock();
    leave(lock);
    return true;
  }

  std::atomic<int> drops{0};

 private:
  void drop() noexcept override {
    handler_ = nullptr;
    ++drops;
  }

  std::function<void()> handler_;
};

}  // namespace

TEST_CASE("a subscription moves and does not copy") {
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<subscription>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<subscription>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<subscription>);
}

TEST_CASE("an empty subscription can be cancelled") {
  subscription nothing;
  nothing.cancel();
  subscription moved = std::move(nothing);
  moved.cancel();
  nothing.cancel();  // NOLINT(bugprone-use-after-move)
  SUCCEED("no crash");
}

TEST_CASE("dropping a subscription keeps the handler") {
  int rings = 0;
  const auto bell = std::make_shared<doorbell>([&] { ++rings; });
  { const subscription dropped(bell); }
  CHECK(bell->ring());
  CHECK(rings == 1);
}

TEST_CASE("cancel detaches once and destroys what the handler captured") {
  const auto captured = std::make_shared<int>(1);
  const auto bell = std::make_shared<doorbell>([captured] { ++*captured; });
  subscription attached(bell);
  CHECK(bell->ring());
  CHECK_FALSE(bell->cancelled());
  attached.cancel();
  CHECK(bell->cancelled());
  CHECK(captured.use_count() == 1);
  attached.cancel();
  CHECK(bell->drops == 1);
  CHECK_FALSE(bell->ring());
  CHECK(*captured == 2);
}

TEST_CASE("a subscription may outlive what its handler is attached to") {
  auto bell = std::make_shared<doorbell>([] {});
  subscription attached(bell);
  bell->cancel();
  bell.reset();
  attached.cancel();
  SUCCEED("no crash");
}

TEST_CASE("cancel from within the call lets it finish and drops the handler then") {
  subscription attached;
  int drops_during_call = -1;
  std::shared_ptr<doorbell> bell;
  bell = std::make_shared<doorbell>([&] {
    attached.cancel();
    drops_during_call = bell->drops;
  });
  attached = subscription(bell);
  CHECK(bell->ring());
  CHECK(drops_during_call == 0);
  CHECK(bell->drops == 1);
  CHECK_FALSE(bell->ring());
}

TEST_CASE("cancel from another thread waits for the call in progress") {
  std::latch inside(1);
  std::atomic<bool> go_on = false, returned = false;
  const auto bell = std::make_shared<doorbell>([&] {
    inside.count_down();
    while (!go_on) std::this_thread::yield();
    returned = true;
  });
  subscription attached(bell);
  std::jthread ringing([&] { bell->ring(); });
  inside.wait();

  bool returned_before_cancel_did = false;
  std::jthread cancelling([&] {
    attached.cancel();
    returned_before_cancel_did = returned;
  });
  REQUIRE(workpool_test::eventually([&] { return bell->cancelled(); }));
  go_on = true;
  cancelling.join();
  CHECK(returned_before_cancel_did);
  CHECK(bell->drops == 1);
}

TEST_CASE("several threads may cancel at once, and all see the handler gone") {
  for (int round = 0; round < 200; ++round) {
    const auto captured = std::make_shared<int>();
    const auto bell = std::make_shared<doorbell>([captured] { ++*captured; });
    subscription attached(bell);
    std::atomic<int> still_there = 0;
    std::latch start(3);
    const auto cancel = [&] {
      start.arrive_and_wait();
      attached.cancel();
      if (captured.use_count() != 1) ++still_there;
    };
    {
      std::jthread one(cancel), two(cancel);
      start.arrive_and_wait();
      while (bell->ring()) {
      }
    }
    CHECK(still_there == 0);
    CHECK(bell->drops == 1);
  }
}

TEST_CASE("a subscription may be among what its own handler captured") {
  auto attached = std::make_shared<subscription>();
  auto bell = std::make_shared<doorbell>([attached] {});
  const std::weak_ptr<doorbell> watched = bell;
  *attached = subscription(std::move(bell));
  auto* const last_but_one = attached.get();
  attached.reset();
  last_but_one->cancel();
  CHECK(watched.expired());
}

TEST_CASE("what a handler captured may cancel its subscription while it is destroyed") {
  struct canceller {
    subscription* attached;
    explicit canceller(subscription* target) : attached(target) {}
    ~canceller() { attached->cancel(); }
  };
  subscription attached;
  const auto bell = std::make_shared<doorbell>([last = std::make_shared<canceller>(&attached)] {});
  attached = subscription(bell);
  attached.cancel();
  CHECK(bell->drops == 1);
}
