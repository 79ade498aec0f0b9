// Every allocation of every public call fails once: the call throws bad_alloc, nothing has changed, and the pool works
// on. Cancelling and settling allocate nothing at all.
//   bad_alloc submit | construct | control | settle

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "allocations.hpp"
#include "fault.hpp"
#include "support/eventually.hpp"

namespace wp = workpool;

namespace {

constexpr long too_many = 500;  // no call makes so many allocations

/// A callable of a size that no block is recycled for, and that counts its living copies.
struct counted_call {
  static inline std::atomic<int> alive{0};
  explicit counted_call(std::atomic<int>& ran) : runs(&ran) { ++alive; }
  counted_call(const counted_call& other) : runs(other.runs) { ++alive; }
  ~counted_call() { --alive; }
  void operator()() const { ++*runs; }
  std::atomic<int>* runs;
  std::array<char, 1024> ballast{};
};

struct books {
  explicit books(const wp::pool_stats& now)
      : submitted(now.submitted), accepted(now.accepted), rejected(now.rejected), queued(now.queued) {}
  bool operator==(const books&) const = default;
  std::uint64_t submitted, accepted, rejected;
  std::size_t queued;
};

using entry = std::function<void(wp::thread_pool&, counted_call&)>;

/// Calls `enter` with its first, second, … allocation failing until it succeeds, on a paused pool which `prepare` has
/// brought into the same state each time.
void every_allocation_fails(
    const std::string& what, const entry& enter, const wp::queue_options& queue = {},
    const std::function<void(wp::thread_pool&)>& prepare = [](wp::thread_pool&) {}) {
  wp::thread_pool pool{{.name = "poor", .workers = 2, .queue = queue}};
  pool.pause();
  std::atomic<int> ran{0};
  long failed = 0;
  for (; failed < too_many; ++failed) {
    prepare(pool);
    const books before(pool.stats());
    counted_call call(ran);
    if (!fault::runs_out_of_memory(failed, [&] { enter(pool, call); })) break;
    fault::expect_equal(counted_call::alive.load(), 1, what + ": living copies of the callable");
    fault::expect(books(pool.stats()) == before,
                  what + ": the books are as before when allocation " + std::to_string(failed + 1) + " fails");
  }
  fault::expect(failed > 0 && failed < too_many, what + ": some allocations fail, then it succeeds");
  fault::expect_equal(pool.stats().queued, 1, what + ": queued");
  pool.resume();
  pool.wait_idle();
  fault::expect_equal(ran.load(), 1, what + ": runs");
  fault::expect_equal(counted_call::alive.load(), 0, what + ": living copies at the end");
  fault::expect_equal(pool.submit([] { return 9; }).get(), 9, what + ": result of the next task");
  std::printf("%s: %ld allocations, each failed once\n", what.c_str(), failed);
}

/// Leaves so many cancelled tasks in the queue of capacity 4 that the next push has to sweep them out.
void leave_dead_tasks(wp::thread_pool& pool) {
  for (int n = 0; n < 5; ++n) static_cast<void>(pool.submit([] {}).cancel());
}

void submit() {
  const wp::task_options named{.name = "a name that is too long for the string itself"};
  // The futures are kept nowhere: dropping one allocates nothing.
  every_allocation_fails("submit", [](auto& pool, auto& call) { static_cast<void>(pool.submit(call)); });
  every_allocation_fails("submit, named", [&](auto& pool, auto& call) { static_cast<void>(pool.submit(named, call)); });
  const wp::task_options repeated{.retry = {.max_attempts = 3}};
  every_allocation_fails("submit, with attempts",
                         [&](auto& pool, auto& call) { static_cast<void>(pool.submit(repeated, call)); });
  every_allocation_fails("submit, std::future",
                         [](auto& pool, auto& call) { static_cast<void>(pool.submit(wp::use_std_future, call)); });
  every_allocation_fails("try_submit", [](auto& pool, auto& call) { static_cast<void>(pool.try_submit(call)); });
  every_allocation_fails("post", [](auto& pool, auto& call) { pool.post(call); });
  every_allocation_fails("post, named", [&](auto& pool, auto& call) { pool.post(named, call); });
  every_allocation_fails("post, critical",
                         [](auto& pool, auto& call) { pool.post({.priority = wp::priority::critical}, call); });
  for (const bool fifo : {false, true}) {
    every_allocation_fails(
        "post into a queue to be swept", [](auto& pool, auto& call) { pool.post(call); }, {.capacity = 4, .fifo = fifo},
        leave_dead_tasks);
  }
}

void construct() {
  long failed = 0;
  const auto make_one = [] {
    wp::thread_pool pool{{.name = "a name that is too long for the string itself", .workers = 3}};
  };
  while (failed < too_many && fault::runs_out_of_memory(failed, make_one)) ++failed;
  fault::expect(failed > 0 && failed < too_many, "some allocations fail, then a pool can be made");
  std::printf("constructor: %ld allocations, each failed once\n", failed);
}

/// A paused pool in which a hundred tasks wait in every place that there is: in the queue, for their time, and for a
/// worker after it.
struct waiting_tasks {
  waiting_tasks() {
    pool.pause();
    for (int n = 0; n < 80; ++n) futures.push_back(pool.submit([] {}));
    for (int n = 0; n < 10; ++n) pool.post_after(std::chrono::hours(1), [] {});
    for (int n = 0; n < 10; ++n) pool.post_after(wp::duration::zero(), [] {});
    fault::expect(workpool_test::eventually([&] { return pool.stats().delayed == 10; }), "ten tasks are late");
  }
  wp::thread_pool pool{1};
  std::vector<wp::future<void>> futures;
};

// To throw tasks away is what a program does that has no memory left: it has to work without.
void control() {
  for (long failed = 0; failed < 10; ++failed) {
    waiting_tasks here;
    std::size_t purged = 0;
    fault::expect(!fault::runs_out_of_memory(failed, [&] { purged = here.pool.purge(); }), "purge needs no memory");
    fault::expect_equal(purged, 100, "purged");
    fault::expect_equal(here.pool.stats().cancelled, 100, "cancelled");
  }
  for (long failed = 0; failed < 10; ++failed) {
    waiting_tasks here;
    const auto discard = [&] { static_cast<void>(here.pool.shutdown({.pending = wp::pending::discard})); };
    fault::expect(!fault::runs_out_of_memory(failed, discard), "a shutdown that discards needs no memory");
    fault::expect_equal(here.pool.stats().discarded, 100, "discarded");
  }
  for (long failed = 0; failed < 10; ++failed) {
    wp::thread_pool pool{1};
    std::atomic<int> ended{0};
    const bool out = fault::runs_out_of_memory(
        failed, [&] { pool.on_event<wp::event::worker_exited>([&](const auto&) { ++ended; }); });
    pool.shutdown();
    fault::expect_equal(ended.load(), out ? 0 : 1, "calls of a handler");
  }
}

template <class Body>
void allocates_nothing(const std::string& what, Body body) {
  const unsigned long before = fault::allocations.load();
  body();
  const unsigned long made = fault::allocations.load() - before;
  fault::expect_equal(made, 0, what + ": allocations");
}

void settle() {
  wp::thread_pool pool{2};
  std::vector<wp::future<int>> results;
  const auto fill = [&] {
    pool.pause();
    results.clear();
    for (int n = 0; n < 1000; ++n) results.push_back(pool.submit([n] { return n; }));
  };
  fill();
  allocates_nothing("cancel", [&] {
    for (auto& one : results) static_cast<void>(one.cancel());
  });
  fault::expect_equal(pool.stats().cancelled, 1000, "cancelled");
  fill();
  int sum = 0;
  allocates_nothing("run, settle and get", [&] {
    pool.resume();
    for (auto& one : results) sum += one.get();
    pool.wait_idle();
  });
  fault::expect_equal(sum, 499'500, "sum of the results");
  wp::thread_pool last{2};
  last.pause();
  results.clear();
  for (int n = 0; n < 1000; ++n) results.push_back(last.submit([n] { return n; }));
  allocates_nothing("drain", [&] { last.shutdown(); });
  fault::expect_equal(last.stats().completed, 1000, "completed");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const workpool_test::hang_trap trap("bad_alloc " + mode);
  if (mode == "submit")
    submit();
  else if (mode == "construct")
    construct();
  else if (mode == "control")
    control();
  else if (mode == "settle")
    settle();
  else
    return 2;
  return fault::failures;
}
