// What becomes of a task: its value, what it threw, or the reason why there is neither.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <workpool/pool.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

int parse(const std::string& text) {
  if (text.empty()) throw std::invalid_argument("nothing to parse");
  return std::stoi(text);
}

int main() {
  // Posted tasks have no future. What they throw comes here; without a handler it is written to standard error.
  wp::thread_pool pool{{.name = "parsers", .workers = 2, .uncaught_handler = [](std::exception_ptr error, wp::task_id) {
                          try {
                            std::rethrow_exception(error);
                          } catch (const std::exception& what) {
                            std::cout << "a posted task threw: " << what.what() << '\n';
                          }
                        }}};

  std::cout << "value: " << pool.submit(parse, "42").get() << '\n';
  try {
    pool.submit(parse, "").get();
  } catch (const std::invalid_argument& error) {  // the type the task threw
    std::cout << "failed: " << error.what() << '\n';
  }
  pool.post(parse, "");
  pool.wait_idle();

  // A limit for the body: the future ends, the body is asked to stop, and a spare thread stands in for it.
  auto slow = pool.submit({.timeout = 20ms}, [](std::stop_token stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  try {
    slow.get();
  } catch (const wp::task_timeout&) {
    std::cout << "timed out\n";
  }

  // A limit for the time in the queue. The pool is paused here, as if it were busy.
  pool.pause();
  auto stale = pool.submit({.expires_after = 5ms}, parse, "7");
  stale.wait();
  pool.resume();
  std::cout << "outcome: " << to_string(*stale.outcome()) << '\n';

  pool.wait_idle();
  const wp::pool_stats books = pool.stats();
  std::cout << books.accepted << " accepted = " << books.completed << " value + " << books.failed << " failed + "
            << books.timed_out << " timed out + " << books.expired << " expired\n";
}
