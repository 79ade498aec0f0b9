#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/ipc/loopback_channel.hpp>
#include <workpool/pool/remote_call.hpp>
#include <workpool/pool/remote_calls.hpp>
#include <workpool/worker/worker_host.hpp>

#include "support/fake_link.hpp"

namespace workpool_test {

/// The life of a worker on a thread of the test, which plays its host.
/// The worker stays where it is for ever, as in its process: a thread of its own may listen for it.
class played_worker {
 public:
  using worker_host = workpool::detail::worker_host<workpool::loopback_channel>;

  explicit played_worker(workpool::detail::worker_setup setup = {.max_message = 4096, .generation = 1})
      : played_worker(*workpool::loopback_channel::make_pair(), std::move(setup)) {}
  played_worker(const played_worker&) = delete;
  played_worker& operator=(const played_worker&) = delete;
  ~played_worker() {
    if (!life_.joinable()) return;
    static_cast<void>(host.send({.kind = workpool::frame_kind::quit}, {}));
    life_.join();
  }

  /// It begins, and finds everything that was sent so far at once.
  void begin() {
    life_ = std::thread([this] { code_ = worker_.run(); });
  }
  /// Blocks until it has ended. Gives: its exit code.
  int join() {
    life_.join();
    return code_;
  }

  void say(workpool::frame_kind kind, workpool::task_id task = 0) {
    if (host.send({.task = task, .attempt = 1, .kind = kind}, {}) != workpool::transfer::done) {
      throw std::runtime_error("the worker does not listen");
    }
  }
  /// Sends a call, of which the test keeps nothing.
  template <class F, class... A>
  void call(workpool::task_id task, std::uint32_t attempt, F&& callable, const A&... arguments) {
    const std::unique_ptr<workpool::detail::task> made(calls_.plain(std::forward<F>(callable), arguments...));
    std::vector<std::byte> scratch;
    static_cast<void>(host.send({.task = task, .attempt = attempt, .kind = workpool::frame_kind::task},
                                made->elsewhere()->request(*made, scratch)));
  }

  /// What it says next. Throws: std::runtime_error when it says nothing for 20 s, or has ended.
  workpool::frame next() {
    const auto limit = workpool::steady::now() + std::chrono::seconds(20);
    workpool::frame got;
    for (;;) {
      const workpool::transfer how = host.receive(got);
      if (how == workpool::transfer::done) return got;
      if (how == workpool::transfer::closed) throw std::runtime_error("the worker is gone");
      if (!host.wait(workpool::wait_for::reading, limit)) throw std::runtime_error("the worker says nothing");
    }
  }

  workpool::loopback_channel host;

 private:
  played_worker(std::pair<workpool::loopback_channel, workpool::loopback_channel> ends,
                workpool::detail::worker_setup setup)
      : host(std::move(ends.first)), worker_(keep(std::make_unique<worker_host>(std::move(ends.second), 3, setup))) {}

  static worker_host& keep(std::unique_ptr<worker_host> one) {
    static std::vector<std::unique_ptr<worker_host>>& all = *new std::vector<std::unique_ptr<worker_host>>;
    all.push_back(std::move(one));
    return *all.back();
  }

  worker_host& worker_;
  fake_link crew_;
  const workpool::pool_options options_{};
  workpool::detail::task_ledger ledger_{options_};
  workpool::detail::remote_calls calls_{std::size_t{1} << 20, ledger_};
  std::thread life_;
  int code_ = -1;
};

}  // namespace workpool_test
