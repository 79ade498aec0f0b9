// The process that starts workers is killed under two pools: what ran is lost and told so, what waited runs, both
// pools go on, and nothing is left.
//   fork_zygote_killed zygote | fork | exec

#include <memory>
#include <set>

#include "fork_host.hpp"
#include "support/killed_hosts.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

int number_of_parent() { return ::getppid(); }

int stay(workpool_test::shared_numbers numbers, std::size_t index) {
  numbers.set(index, ::getpid());
  for (;;) ::pause();
}

wp::crash_report report_of(wp::future<int> one, const std::string& name) {
  try {
    one.get();
  } catch (const wp::worker_lost& lost) {
    fault::expect_text(lost.what(), {"died with the process that starts workers"});
    return lost.report();
  } catch (const std::exception& other) {
    fault::expect(false, name + " is lost, not: " + other.what());
  }
  return {};
}

}  // namespace

int forking_main(int, char** argv) {
  const std::string mode = argv[1] == nullptr ? "zygote" : argv[1];
  const workpool_test::hang_trap trap("fork_zygote_killed " + mode);
  const auto start = workpool_test::start_by_name(mode);
  const auto descriptors = workpool_test::open_descriptors();
  {
    const wp::fork_pool_options options{
        .workers = 2, .start = start, .restart = {.max_restarts = 1000, .backoff = {.initial = 1ms, .factor = 1}}};
    wp::fork_pool pool(options), other(options);
    std::set<int> zygotes;
    for (int round = 0; round < 5; ++round) {
      workpool_test::shared_numbers_side numbers;
      const int zygote = other.submit(number_of_parent).get();
      fault::expect_equal(pool.submit(number_of_parent).get(), zygote, "the zygote of both pools");
      fault::expect(zygotes.insert(zygote).second, "the zygote is a new one");
      auto first = pool.submit(stay, numbers.handle(), std::size_t{0});
      auto second = other.submit(stay, numbers.handle(), std::size_t{1});
      const int workers[] = {static_cast<int>(numbers.await(0)), static_cast<int>(numbers.await(1))};
      auto third = pool.submit(stay, numbers.handle(), std::size_t{2});
      numbers.await(2);
      std::vector<wp::future<int>> waiting;
      for (int n = 0; n < 20; ++n) waiting.push_back(pool.submit(fault::twice, n));
      ::kill(zygote, SIGKILL);
      for (auto* const one : {&first, &third, &second}) {
        const wp::crash_report report = report_of(std::move(*one), "what ran");
        fault::expect(report.why == wp::crash_report::cause::parent_gone, "the cause is parent_gone");
      }
      for (int n = 0; n < 20; ++n) {
        fault::expect_equal(waiting[static_cast<std::size_t>(n)].get(), 2 * n, "a result of what waited");
      }
      for (const int one : workers) {
        fault::expect(workpool_test::eventually([&] { return !workpool_test::runs(one); }, 1s), "its workers are gone");
      }
      fault::expect_service(pool);
      fault::expect_service(other);
    }
    const wp::pool_stats now = pool.stats();
    fault::expect_equal(now.worker_lost, 5U * (2 + 2), "tasks lost");
    fault::expect_equal(now.accepted, now.completed + now.worker_lost, "tasks accepted");
  }
  fault::expect(workpool_test::open_descriptors() == descriptors, "no descriptor is left");
  workpool_test::reap_all();
  fault::expect(workpool::detail::own_children().empty(), "no child is left");
  return fault::failures;
}
