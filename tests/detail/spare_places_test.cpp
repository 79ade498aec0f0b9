#include <workpool/detail/spare_places.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

int deleted = 0;
struct counted_delete {
  void operator()(int* one) const noexcept {
    ++deleted;
    delete one;
  }
};
using places = workpool::detail::spare_places<int, 2, counted_delete>;

places::owned made(int value) { return places::owned(new int(value)); }
const auto any = [](int) { return true; };

}  // namespace

TEST_CASE("what was left is taken once, by who needs one like it") {
  places some;
  CHECK(some.take(any) == nullptr);
  some.leave(made(3));
  some.leave(made(4));
  CHECK(some.take([](int value) { return value > 4; }) == nullptr);
  const auto four = some.take([](int value) { return value == 4; });
  REQUIRE(four != nullptr);
  CHECK(*four == 4);
  CHECK(some.take([](int value) { return value == 4; }) == nullptr);
  const auto three = some.take(any);
  REQUIRE(three != nullptr);
  CHECK(*three == 3);
  CHECK(some.take(any) == nullptr);
}

TEST_CASE("where there is no place another one is deleted") {
  places some;
  some.leave(made(1));
  some.leave(made(2));
  deleted = 0;
  some.leave(made(3));
  CHECK(deleted == 1);
  CHECK(some.take([](int value) { return value == 3; }) != nullptr);
  CHECK(some.take(any) != nullptr);
  CHECK(some.take(any) == nullptr);
}

TEST_CASE("many threads that take and leave never have the same one") {
  struct shared {
    std::atomic<int> holders{0};
  };
  workpool::detail::spare_places<shared, 2> some;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        auto one = some.take([](const shared&) { return true; });
        if (!one) one = std::make_unique<shared>();
        if (one->holders.fetch_add(1) != 0) ++wrong;
        one->holders.fetch_sub(1);
        some.leave(std::move(one));
      }
    });
  }
  for (auto& one : threads) one.join();
  CHECK(wrong == 0);
  while (some.take([](const shared&) { return true; })) {
  }
}
