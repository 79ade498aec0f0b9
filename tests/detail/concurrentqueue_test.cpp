#include <workpool/detail/concurrentqueue.hpp>

#include "support/catch.hpp"

TEST_CASE("the header found for moodycamel's queue is the queue") {
  moodycamel::ConcurrentQueue<int*> queue;
  int value = 7;
  int* taken = nullptr;
  REQUIRE(queue.enqueue(&value));
  REQUIRE(queue.try_dequeue(taken));
  CHECK(taken == &value);
  CHECK_FALSE(queue.try_dequeue(taken));
}
