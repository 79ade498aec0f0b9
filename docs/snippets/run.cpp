// Running something and getting its value.
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
struct report {
  std::string title;
  int pages;
};

report render(const std::string& title, int chapters) {
  if (chapters == 0) throw std::invalid_argument("'" + title + "' has no chapters");
  return {title, 12 * chapters};
}

void run() {
  wp::thread_pool pool{{.name = "reports", .workers = 2}};

  wp::future<report> spring = pool.submit(render, "spring", 3);  // copies of the arguments are made now
  wp::future<report> empty = pool.submit(render, "empty", 0);

  const report one = spring.get();  // the value, once
  std::cout << one.title << ": " << one.pages << " pages\n";
  try {
    empty.get();  // throws what the task threw, of the same type
  } catch (const std::invalid_argument& error) {
    std::cout << "no report: " << error.what() << '\n';
  }
}  // the destructor runs everything that was accepted
//! [program]

void forms() {
  wp::thread_pool pool{{.workers = 2, .uncaught_handler = [](std::exception_ptr, wp::task_id) {
                          std::cout << "a posted task threw\n";
                        }}};
  //! [forms]
  pool.post([] { throw std::runtime_error("nobody holds my future"); });  // no future; goes to uncaught_handler
  pool.wait_idle();

  std::future<int> standard = pool.submit(wp::use_std_future, [] { return 1; });

  auto text = std::make_unique<std::string>("moved, not copied");
  auto length = pool.submit([](const std::unique_ptr<std::string>& t) { return t->size(); }, std::move(text));

  std::vector<int> numbers{1, 2, 3};
  pool.submit([](std::vector<int>& all) { all.push_back(4); }, std::ref(numbers)).get();  // a reference is asked for

  auto mine = pool.submit([] { return 6; });
  const int six = mine.get(wp::help);  // runs it here when no worker has begun it

  pool.post_after(1ms, [] { std::cout << "a little later\n"; });
  //! [forms]
  pool.wait_idle();
  std::cout << standard.get() << ' ' << length.get() << ' ' << numbers.size() << ' ' << six << '\n';
}

void looks() {
  wp::thread_pool pool{{.workers = 1}};
  //! [looks]
  auto answer = pool.submit([] { return 42; });
  if (answer.wait_for(1s) == std::future_status::ready) {
    std::cout << "ended as " << to_string(*answer.outcome()) << '\n';  // no exception is made for looking
  }
  //! [looks]
}

/// The least that a coroutine can give: it runs on by itself.
struct detached {
  struct promise_type {
    detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
};

//! [coroutine]
detached print_answer(wp::thread_pool& pool) {
  const int answer = co_await pool.submit([] { return 42; });  // goes on on the worker that has run it
  std::cout << "the answer is " << answer << '\n';
}
//! [coroutine]

void awaits() {
  wp::thread_pool pool{1};
  print_answer(pool);
}

void wrong() {
  say("get() a second time", [] {
    wp::thread_pool pool{1};
    auto one = pool.submit([] { return 1; });
    one.get();
    one.get();
  });
  say("a null std::function", [] {
    wp::thread_pool pool{1};
    pool.post(std::function<void()>());
  });
  say("submit after shutdown()", [] {
    wp::thread_pool pool{{.name = "reports", .workers = 1}};
    pool.shutdown();
    pool.post([] {});
  });
  say("a task that waits for itself", [] {
    wp::thread_pool pool{1};
    wp::future<void> self;
    pool.pause();
    self = pool.submit({.name = "snake"}, [&] { self.wait(); });
    pool.resume();
    self.get();
  });
  say("two tasks that wait for each other", [] {
    wp::thread_pool pool{1};
    wp::future<void> hen, egg;
    pool.pause();
    hen = pool.submit({.name = "hen"}, [&] { egg.wait(); });
    egg = pool.submit({.name = "egg"}, [&] { hen.wait(); });
    pool.resume();
    egg.get();
  });
}

int main() {
  run();
  forms();
  looks();
  awaits();
  wrong();
}
