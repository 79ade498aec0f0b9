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

std::string text_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}

int main() {
  // Posted tasks have no future. What they throw comes here; without a handler it is written to standard error.
  wp::thread_pool pool{{.name = "parsers", .workers = 2, .uncaught_handler = [](std::exception_ptr error, wp::task_id) {
                          std::cout << "a posted task threw: " << text_of(error) << '\n';
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

  // An error in a future that nobody asks: an event tells of it.
  pool.on_event<wp::event::unobserved_error>(
      [](const wp::event::unobserved_error& lost) { std::cout << "nobody saw: " << text_of(lost.error) << '\n'; });
  static_cast<void>(pool.submit(parse, ""));

  pool.shutdown();  // runs what was accepted and refuses what comes
  const wp::pool_stats books = pool.stats();
  std::cout << books.accepted << " accepted = " << books.completed << " value + " << books.failed << " failed + "
            << books.timed_out << " timed out + " << books.expired << " expired\n";
}
