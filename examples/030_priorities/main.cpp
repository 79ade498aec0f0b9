// Four lanes: critical and high overtake what has not started, normal is the default, low waits.
#include <iostream>
#include <string>
#include <workpool/pool.hpp>

namespace wp = workpool;

int main() {
  wp::thread_pool pool{{.workers = 1}};  // one worker, so that the order can be seen
  const auto say = [](const std::string& what) { std::cout << what << '\n'; };

  pool.pause();  // nothing starts until resume()
  for (int n = 0; n < 3; ++n) pool.post({.priority = wp::priority::low}, say, "low: never seen");
  const auto purged = pool.purge(wp::priority::low);  // cancels what waits in one lane
  std::cout << purged << " tasks in the lane low are cancelled\n";

  pool.post({.priority = wp::priority::low}, say, "low: the nightly report");
  pool.post(say, "normal: the first page");
  pool.post(say, "normal: the second page");
  pool.post({.priority = wp::priority::high}, say, "high: somebody is waiting");
  pool.post({.priority = wp::priority::critical}, say, "critical: the disk is full");
  std::cout << pool.stats().queued << " tasks wait\n";
  pool.resume();
  pool.wait_idle();
}
