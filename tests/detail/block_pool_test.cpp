#include <workpool/detail/block_pool.hpp>

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

using namespace workpool::detail;

namespace {

constexpr std::size_t small = block_sizes[0], middle = block_sizes[1], large = block_sizes[2];

/// Gives: how many chains there were; each is checked to be of full length.
std::size_t empty_depot(std::size_t index, bool* all_full = nullptr) {
  std::size_t chains = 0;
  while (free_block* chain = depot_of(index).take()) {
    unsigned blocks = 0;
    for (const free_block* one = chain; one != nullptr; one = one->next) ++blocks;
    if (all_full != nullptr && blocks != chain_length) *all_full = false;
    free_chain(chain);
    ++chains;
  }
  return chains;
}

std::vector<void*> allocate_many(std::size_t count, std::size_t bytes) {
  std::vector<void*> blocks(count);
  for (void*& block : blocks) block = allocate_block(bytes);
  return blocks;
}

void deallocate_all(const std::vector<void*>& blocks, std::size_t bytes) {
  for (void* block : blocks) deallocate_block(block, bytes);
}

template <class Body>
void on_a_new_thread(Body body) {
  std::thread(body).join();
}

}  // namespace

TEST_CASE("a request gets the smallest block it fits into") {
  STATIC_REQUIRE(block_class_of(0) == 0);
  STATIC_REQUIRE(block_class_of(1) == 0);
  STATIC_REQUIRE(block_class_of(128) == 0);
  STATIC_REQUIRE(block_class_of(129) == 1);
  STATIC_REQUIRE(block_class_of(256) == 1);
  STATIC_REQUIRE(block_class_of(257) == 2);
  STATIC_REQUIRE(block_class_of(512) == 2);
  STATIC_REQUIRE(block_class_of(513) == block_classes);
  STATIC_REQUIRE(largest_block == 512);
}

TEST_CASE("blocks of every size are writable to their end, aligned and distinct") {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes <= 1100; bytes += 7) {
    auto* block = static_cast<unsigned char*>(allocate_block(bytes));
    REQUIRE(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t) == 0);
    std::memset(block, static_cast<int>(bytes % 251), bytes);
    blocks.emplace_back(block, bytes);
  }
  std::size_t overwritten = 0;
  for (const auto& [block, bytes] : blocks) {
    for (std::size_t i = 0; i < bytes; ++i) overwritten += block[i] != bytes % 251;
    deallocate_block(block, bytes);
  }
  CHECK(overwritten == 0);
}

TEST_CASE("what a thread has freed it gets again, last first, for any request of that size") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  void* const first = allocate_block(128);
  void* const second = allocate_block(1);
  deallocate_block(first, 128);
  deallocate_block(second, 1);
  CHECK(allocate_block(100) == second);
  CHECK(allocate_block(77) == first);
  deallocate_block(first, 77);
  void* const other_size = allocate_block(129);
  CHECK(other_size != first);
  deallocate_block(other_size, 129);
  deallocate_block(second, 100);
}

TEST_CASE("what is larger than the largest block is not recycled") {
  void* const big = allocate_block(large + 1);
  deallocate_block(big, large + 1);
  for (const magazine& one : rack.magazines) CHECK(static_cast<void*>(one.loaded) != big);
}

TEST_CASE("a thread keeps at most two chains of each size") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  empty_depot(0);
  std::size_t in_depot = 0;
  unsigned loaded = 0;
  bool spare = false, full = true;
  on_a_new_thread([&] {
    deallocate_all(allocate_many(5 * chain_length, small), small);
    loaded = rack.magazines[0].count;
    spare = rack.magazines[0].spare != nullptr;
    in_depot = empty_depot(0, &full);
  });
  CHECK(in_depot == 3);
  CHECK(full);
  CHECK(loaded == chain_length);
  CHECK(spare);
  empty_depot(0);
}

TEST_CASE("what one thread frees another one gets back") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  constexpr std::size_t chains = 10;
  empty_depot(1);
  std::vector<void*> blocks;
  std::size_t known = 0;
  std::latch allocated(1), freed(1);
  std::thread producer([&] {
    blocks = allocate_many(chains * chain_length, middle);
    allocated.count_down();
    freed.wait();
    const std::set<void*> before(blocks.begin(), blocks.end());
    const auto again = allocate_many((chains - 1) * chain_length, middle);
    for (void* block : again) known += before.count(block);
    deallocate_all(again, middle);
  });
  std::thread consumer([&] {
    allocated.wait();
    deallocate_all(blocks, middle);
  });
  consumer.join();  // its last, loaded chain went back to the allocator, the others to the depot
  freed.count_down();
  producer.join();
  CHECK(known == (chains - 1) * chain_length);
  empty_depot(1);
}

TEST_CASE("the end of a thread gives its full chain to the depot") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  empty_depot(2);
  on_a_new_thread([] { deallocate_all(allocate_many(chain_length + 10, large), large); });
  bool full = true;
  CHECK(empty_depot(2, &full) == 1);
  CHECK(full);
}

TEST_CASE("a thread that only frees gives its chains back as well") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  empty_depot(0);
  std::vector<void*> blocks;
  on_a_new_thread([&] { blocks = allocate_many(3 * chain_length, small); });
  on_a_new_thread([&] { deallocate_all(blocks, small); });
  CHECK(empty_depot(0) == 2);
}

TEST_CASE("the depot keeps no more than its limit") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  constexpr std::size_t limit = depot_bytes / large / chain_length;
  empty_depot(2);
  on_a_new_thread([] { deallocate_all(allocate_many((limit + 5) * chain_length, large), large); });
  CHECK(empty_depot(2) == limit);
}

TEST_CASE("a full depot leaves the chain to the caller, an empty one gives none") {
  block_depot depot;
  std::array<free_block, 3> chains{};
  CHECK(depot.take() == nullptr);
  CHECK(depot.put(&chains[0], 2));
  CHECK(depot.put(&chains[1], 2));
  CHECK_FALSE(depot.put(&chains[2], 2));
  CHECK(depot.take() == &chains[1]);
  CHECK(depot.put(&chains[2], 2));
  CHECK(depot.take() == &chains[2]);
  CHECK(depot.take() == &chains[0]);
  CHECK(depot.take() == nullptr);
}

namespace {

struct late_report {
  bool ran = false, retired = false, magazines_stay_empty = true;
};

/// Frees and allocates when the thread's blocks are already given back.
struct latecomer {
  late_report* report = nullptr;
  std::vector<void*> earlier;

  ~latecomer() {
    if (report == nullptr) return;
    report->ran = true;
    report->retired = rack.life == magazine_rack::stage::retired;
    deallocate_all(earlier, small);
    for (const std::size_t bytes : {small, middle, large, large + 1}) {
      deallocate_all(allocate_many(2 * chain_length, bytes), bytes);
    }
    for (const magazine& one : rack.magazines) {
      if (one.loaded != nullptr || one.spare != nullptr || one.count != 0) report->magazines_stay_empty = false;
    }
  }
};

thread_local latecomer late;

}  // namespace

TEST_CASE("the destructor of a thread_local may allocate and free when the thread has given its blocks back") {
  late_report report;
  on_a_new_thread([&] {
    late.report = &report;  // made before the first block, so destroyed after the magazines
    late.earlier = allocate_many(10, small);
    deallocate_block(allocate_block(small), small);
  });
  CHECK(report.ran);
  CHECK(report.magazines_stay_empty);
  if (WORKPOOL_RECYCLES_BLOCKS) CHECK(report.retired);
}

namespace {

struct node : recycled {
  virtual ~node() = default;
  std::array<char, 40> payload{};
};
struct wide_node final : node {
  std::array<char, 300> more{};
};
struct alignas(128) aligned_node : recycled {
  std::array<char, 40> payload{};
};
struct throwing_node : recycled {
  throwing_node() { throw 1; }
};

}  // namespace

TEST_CASE("delete through a base returns the block to the size of what it was") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  std::unique_ptr<node> one = std::make_unique<wide_node>();
  const void* const place = one.get();
  one.reset();
  const std::unique_ptr<node> small_one = std::make_unique<node>();
  CHECK(static_cast<const void*>(small_one.get()) != place);
  one = std::make_unique<wide_node>();
  CHECK(static_cast<const void*>(one.get()) == place);
}

TEST_CASE("an over-aligned type is aligned as it asks") {
  for (int i = 0; i < 20; ++i) {
    const auto one = std::make_unique<aligned_node>();
    CHECK(reinterpret_cast<std::uintptr_t>(one.get()) % 128 == 0);
  }
}

TEST_CASE("the block of an object whose constructor throws is free again") {
  if (!WORKPOOL_RECYCLES_BLOCKS) SKIP("blocks are not recycled in this build");
  void* const top = allocate_block(small);
  deallocate_block(top, small);
  CHECK_THROWS_AS(std::make_unique<throwing_node>(), int);
  void* const again = allocate_block(small);
  CHECK(again == top);
  deallocate_block(again, small);
}

TEST_CASE("no block is in two hands, whatever threads exchange and whenever they end") {
  constexpr int threads = 4, generations = 6, rounds = 4000;
  struct parcel {
    std::uint64_t* block;
    std::uint64_t stamp;
    std::size_t bytes;
  };
  std::mutex mutex;
  std::vector<parcel> exchange;
  std::atomic<int> spoiled{0};
  const auto open = [&](const parcel& one) {
    if (one.block[0] != one.stamp || one.block[one.bytes / sizeof(std::uint64_t) - 1] != ~one.stamp) ++spoiled;
    deallocate_block(one.block, one.bytes);
  };
  for (int generation = 0; generation < generations; ++generation) {
    std::vector<std::jthread> trading;
    for (int t = 0; t < threads; ++t) {
      trading.emplace_back([&, t] {
        for (int i = 0; i < rounds; ++i) {
          const std::size_t bytes = block_sizes[static_cast<std::size_t>(i + t) % block_classes];
          const std::uint64_t stamp = (static_cast<std::uint64_t>(t) << 32) + static_cast<std::uint64_t>(i);
          const parcel mine{static_cast<std::uint64_t*>(allocate_block(bytes)), stamp, bytes};
          mine.block[0] = stamp;
          mine.block[bytes / sizeof(std::uint64_t) - 1] = ~stamp;
          parcel theirs{};
          {
            const std::lock_guard hold(mutex);
            exchange.push_back(mine);
            if (exchange.size() > 500) std::swap(theirs, exchange[static_cast<std::size_t>(i) % 500]);
            if (theirs.block != nullptr) {
              exchange[static_cast<std::size_t>(i) % 500] = exchange.back();
              exchange.pop_back();
            }
          }
          if (theirs.block != nullptr) open(theirs);
        }
      });
    }
  }
  for (const parcel& one : exchange) open(one);
  CHECK(spoiled == 0);
}
