#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <workpool/core/error.hpp>
#include <workpool/detail/posix/message_socket.hpp>
#include <workpool/detail/posix/process_image.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/process_watch.hpp>
#include <workpool/detail/posix/readiness.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/detail/posix/standard_streams.hpp>
#include <workpool/worker/process_role.hpp>
#include <workpool/worker/spawner.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/zygote.hpp>
#include <workpool/worker/zygote_wire.hpp>

namespace workpool { inline namespace v0 { namespace detail {

[[noreturn]] inline void throw_spawn_failed(const std::string& step, int error) {
  throw spawn_failed(step + " failed: " + std::generic_category().message(error) + " (errno " + std::to_string(error) +
                     ")");
}

/// A zygote as its host sees it: started by the constructor, ended with the last session that shares it.
/// Threads: one at a time. In a forked child of the host it is nothing but descriptors to close.
class zygote_process {
 public:
  /// Starts one that is this program anew. Blocks: until it answers, at most 5 s. Throws: spawn_failed.
  static std::shared_ptr<zygote_process> by_exec(registered_spawner::launch_function launch, launch_order order) {
    return std::make_shared<zygote_process>([&](socket_pair& master) {
      const int descriptor = master.right.get();
      for (auto& variable : assigned_role{process_role::zygote, descriptor}.variables()) {
        order.env.push_back(std::move(variable));
      }
      order.descriptor = descriptor;
      const launched result = launch(order);
      if (result.error != 0) throw_spawn_failed("starting '" + order.program + "' as a zygote", result.error);
      return result.pid;
    });
  }

  /// Starts one that is a fork of this process as it is now. Blocks: as by_exec. Throws: spawn_failed.
  static std::shared_ptr<zygote_process> by_fork(worker_main main) {
    return std::make_shared<zygote_process>([&](socket_pair& master) {
      const signals_blocked quiet;  // the host's handlers are no use to the zygote
      const int pid = fork_process();
      if (pid == 0) live_as_zygote(std::move(master.right), main);
      if (pid < 0) throw_spawn_failed("forking a zygote", errno);
      return pid;
    });
  }

  template <class Start>
  explicit zygote_process(Start start) {
    socket_pair sockets = socket_pair::make(socket_kind::packets);
    if (!sockets) throw_spawn_failed("the socket of a zygote", errno);
    introduce_host(sockets.left.get());
    const int pid = start(sockets);
    sockets.right.reset();
    watch_ = watch_process(pid);
    if (!watch_) abandon(pid, "watching the zygote", errno);
    master_ = std::move(sockets.left);
    pid_ = pid;
    try {
      await_hello();
    } catch (...) {
      end();
      throw;
    }
  }

  zygote_process(const zygote_process&) = delete;
  zygote_process& operator=(const zygote_process&) = delete;
  /// Blocks: until it has ended, which it does when its workers have, at most 1 s.
  ~zygote_process() {
    if (mark_.same()) end();
  }

  int pid() const noexcept { return pid_; }
  /// Whether more can be asked of it. Its sockets close before its pidfd tells, and one after the other.
  bool alive() const noexcept {
    if (!mark_.same() || given_up_.load(std::memory_order_relaxed)) return false;
    return !ready_within(watch_.get(), {}) && !ready_within(master_.get(), {});
  }
  /// A session was lost: nobody is to open another one here. Threads: any.
  void give_up() noexcept { given_up_.store(true, std::memory_order_relaxed); }

  /// The host's end of a new session. Throws: spawn_failed.
  unique_fd connect() {
    socket_pair sockets = socket_pair::make(socket_kind::packets);
    if (!sockets) throw_spawn_failed("the socket of a zygote session", errno);
    const std::array<int, 1> theirs{sockets.right.get()};
    const std::string packet = zygote_wire::announce(zygote_wire::kind::session);
    int error = 0;
    while ((error = send_packet(master_.get(), packet, theirs)) == EAGAIN) {
      if (!ready_within(master_.get(), patience, wanted_events::writing)) break;
    }
    if (error != 0) throw_spawn_failed("opening a session with the zygote", error);
    return std::move(sockets.left);
  }

 private:
  static constexpr std::chrono::seconds hello_limit{5}, patience{1};

  [[noreturn]] static void live_as_zygote(unique_fd master, worker_main main) noexcept {
    forget_inherited_output();
    leave_process(run_zygote(std::move(master), main));
  }

  // By its pidfd the zygote notices the end of this process also where a fork of it still holds the sockets.
  static void introduce_host(int master) {
    const unique_fd host = watch_process(this_process());
    if (!host) throw_spawn_failed("pidfd_open of this process", errno);
    const std::array<int, 1> number{host.get()};
    const int error = send_packet(master, zygote_wire::announce(zygote_wire::kind::host), number);
    if (error != 0) throw_spawn_failed("introducing this process to a zygote", error);
  }

  [[noreturn]] static void abandon(int pid, const char* step, int error) {
    end_process(pid);
    reap_soon(pid);
    throw_spawn_failed(step, error);
  }

  void await_hello() const {
    packet hello;
    const bool came =
        ready_within(master_.get(), hello_limit) && receive_packet(master_.get(), hello) == arrival::complete;
    if (came && zygote_wire::is_announcement(hello.bytes, zygote_wire::kind::hello)) return;
    if (came) throw spawn_failed("the zygote speaks another version: the program's file was replaced; restart it");
    if (ready_within(watch_.get(), std::chrono::milliseconds(100))) {
      throw spawn_failed("the zygote ended before it said hello; is worker_entry the first line of main?");
    }
    throw spawn_failed("the zygote did not say hello within 5 s; is worker_entry the first line of main?");
  }

  void end() noexcept {
    stop_sending(master_.get());  // also where a forked process holds a copy
    master_.reset();
    if (!ready_within(watch_.get(), patience)) {
      end_watched(watch_.get());
      ready_within(watch_.get(), patience);
    }
    reap_watched(watch_.get());
  }

  const process_mark mark_ = process_mark::current();
  unique_fd master_{}, watch_{};
  int pid_ = 0;
  std::atomic<bool> given_up_{false};  // set by any session, never taken back
};

}}}  // namespace workpool::v0::detail
