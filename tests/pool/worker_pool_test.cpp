#include <workpool/pool/worker_pool.hpp>

#include <cstddef>
#include <string>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

namespace {

/// The least that is a pool: what a stranger would have to write.
struct poorest_pool {
  wp::future<int> submit(int (*)(int), int) { return {}; }
  wp::future<int> submit(const wp::task_options&, int (*)(int), int) { return {}; }
  wp::submit_result<int> try_submit(int (*)(int), int) { return wp::errc::pool_stopped; }
  wp::submit_result<int> try_submit(const wp::task_options&, int (*)(int), int) { return wp::errc::pool_stopped; }
  void post(int (*)(int), int) {}
  void post(const wp::task_options&, int (*)(int), int) {}
  wp::future<void> submit_bulk(std::size_t, void (*)(std::size_t)) { return {}; }
  wp::future<void> submit_bulk(const wp::task_options&, std::size_t, void (*)(std::size_t)) { return {}; }
  void post_after(wp::duration, int (*)(int), int) {}
  wp::subscription post_every(wp::duration, void (*)()) { return {}; }
  void pause() {}
  void resume() {}
  bool paused() const noexcept { return false; }
  void resize(wp::worker_range) {}
  std::size_t purge() { return 0; }
  std::size_t purge(wp::priority) { return 0; }
  void wait_idle() const {}
  bool wait_idle_for(wp::duration) const { return true; }
  wp::shutdown_report shutdown(wp::shutdown_options) { return {}; }
  wp::pool_stats stats() const { return {}; }
  std::vector<wp::worker_info> workers() const { return {}; }
  std::string explain(const wp::future<int>&) const { return {}; }
  template <class Event>
  wp::subscription on_event(void (*)(const Event&)) {
    return {};
  }
};
static_assert(wp::worker_pool<poorest_pool>);

struct without_pause : poorest_pool {
  void pause() = delete;
};
static_assert(!wp::worker_pool<without_pause>);

struct with_other_futures : poorest_pool {
  std::future<int> submit(int (*)(int), int) { return {}; }
};
static_assert(!wp::worker_pool<with_other_futures>);

struct with_paused_that_throws : poorest_pool {
  bool paused() const { return false; }
};
static_assert(!wp::worker_pool<with_paused_that_throws>);

struct with_stats_that_change_it : poorest_pool {
  wp::pool_stats stats() { return {}; }
};
static_assert(!wp::worker_pool<with_stats_that_change_it>);

struct without_purge_of_a_lane : poorest_pool {
  std::size_t purge() { return 0; }
};
static_assert(!wp::worker_pool<without_purge_of_a_lane>);

struct without_a_report : poorest_pool {
  void shutdown(wp::shutdown_options) {}
};
static_assert(!wp::worker_pool<without_a_report>);

static_assert(wp::worker_pool<wp::thread_pool>);
static_assert(!wp::worker_pool<int>);

/// What is written against the concept runs on every pool.
template <wp::worker_pool Pool>
int sum_of(Pool& pool, int (*function)(int), int count) {
  std::vector<wp::future<int>> results;
  for (int n = 0; n < count; ++n) results.push_back(pool.submit(function, n));
  int sum = 0;
  for (auto& one : results) sum += one.get();
  pool.wait_idle();
  return sum;
}

}  // namespace

TEST_CASE("a function written against the concept runs on a thread pool", "[pool]") {
  wp::thread_pool pool{2};
  CHECK(sum_of(
            pool, [](int n) { return n; }, 100) == 4950);
}
