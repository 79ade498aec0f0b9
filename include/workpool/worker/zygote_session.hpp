#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/message_socket.hpp>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/detail/posix/readiness.hpp>
#include <workpool/detail/posix/socket_watch.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/zygote_news.hpp>
#include <workpool/worker/zygote_process.hpp>
#include <workpool/worker/zygote_wire.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One pool's talk with the zygote: asks for workers, and hears of their births and deaths: of each worker in that
/// order, of different ones in any. Threads: one at a time. Blocks: nothing but the destructor.
class zygote_session {
 public:
  /// Throws: spawn_failed.
  explicit zygote_session(std::shared_ptr<zygote_process> zygote)
      : zygote_(std::move(zygote)), socket_(zygote_->connect()), watch_(socket_.get()) {
    if (!watch_) throw_spawn_failed("watching a zygote session", errno);
  }
  zygote_session(zygote_session&&) noexcept = default;
  zygote_session& operator=(zygote_session&& other) noexcept {
    if (this == &other) return *this;
    close();
    zygote_ = std::move(other.zygote_);
    socket_ = std::move(other.socket_);
    watch_ = std::move(other.watch_);
    waiting_ = std::move(other.waiting_);
    requests_ = std::move(other.requests_);
    unwanted_ = std::move(other.unwanted_);
    last_request_ = other.last_request_;
    state_ = other.state_;
    return *this;
  }
  /// Kills the workers that are left. Blocks: until they are gone, at most 1 s, and 1 s more for the zygote where this
  /// is its last session; in a forked child not at all.
  ~zygote_session() { close(); }

  /// Asks for a worker. The descriptors stay the caller's, who may close them at once.
  /// Throws: spawn_failed when there is no descriptor or the request is too long, forked_child; nothing was asked then.
  /// Gives: the number that `born` or `refused` will come with; `lost` may come instead.
  std::uint64_t request(const worker_birth& birth) {
    check_process();
    const std::uint64_t number = last_request_ + 1;
    std::vector<int> open;
    for (const int one : birth.descriptors()) {
      if (one >= 0) open.push_back(one);
    }
    std::string bytes = zygote_wire::encode(number, birth);
    if (bytes.size() > most_packet_bytes) {
      throw spawn_failed("a worker cannot be asked for with " + std::to_string(bytes.size()) +
                         " bytes of arguments, environment and setup; the limit is " +
                         std::to_string(most_packet_bytes));
    }
    send(std::move(bytes), open);
    return last_request_ = number;
  }

  /// Sends a signal to the worker's process group, if that worker of this session is still there.
  /// Throws: spawn_failed, forked_child.
  void kill(int pid, int signal) {
    check_process();
    const auto found = requests_.find(pid);
    if (found != requests_.end()) send(zygote_wire::encode(zygote_wire::kill_request{found->second, signal}), {});
  }

  /// What has happened meanwhile, one thing at a time; nothing when there is no more for now.
  /// Throws: protocol_error, forked_child.
  std::optional<zygote_news> next() {
    check_process();
    send_waiting();
    packet received;
    while (state_ != link::lost) {  // what was sent before it broke still comes
      const arrival found = receive_packet(socket_.get(), received);
      if (found == arrival::nothing_yet && state_ == link::open) return std::nullopt;
      if (found == arrival::nothing_yet) return lose();
      if (found == arrival::end_of_file || found == arrival::failed) return lose();
      zygote_news news = zygote_wire::decode_news(received.bytes);
      if (concerns_caller(news, received)) return news;
    }
    return std::nullopt;
  }

  /// Readable when next() has something to do. The same for the life of the session.
  int wait_handle() const noexcept { return watch_.get(); }

  int zygote_pid() const noexcept { return zygote_->pid(); }

 private:
  enum class link : std::uint8_t { open, broken, lost };

  struct outgoing {
    std::string bytes;
    std::vector<unique_fd> descriptors{};
  };

  void check_process() const {
    if (!mark_.same()) throw forked_child("this zygote session belongs to the process that forked this one");
  }

  void send(std::string bytes, const std::vector<int>& descriptors) {
    if (state_ != link::open) return;  // next() says so
    const int error = waiting_.empty() ? send_packet(socket_.get(), bytes, descriptors) : EAGAIN;
    if (error == 0) return;
    if (error == EPIPE || error == ECONNRESET) {
      state_ = link::broken;
    } else if (error == EAGAIN) {
      outgoing later{std::move(bytes)};
      for (const int one : descriptors) {
        later.descriptors.push_back(duplicate(one));
        if (!later.descriptors.back()) throw_spawn_failed("keeping a descriptor for a worker", errno);
      }
      waiting_.push_back(std::move(later));
      watch_.want(socket_.get(), wanted_events::both);
    } else {
      throw_spawn_failed("sending a request to the zygote", error);
    }
  }

  void send_waiting() {
    while (state_ == link::open && !waiting_.empty()) {
      std::vector<int> numbers;
      for (const unique_fd& one : waiting_.front().descriptors) numbers.push_back(one.get());
      const int error = send_packet(socket_.get(), waiting_.front().bytes, numbers);
      if (error == EAGAIN || error == ETOOMANYREFS) return;
      if (error != 0) state_ = link::broken;
      waiting_.pop_front();
      if (waiting_.empty()) watch_.want(socket_.get(), wanted_events::reading);
    }
  }

  bool concerns_caller(zygote_news& news, packet& received) {
    if (auto* const born = std::get_if<worker_born>(&news)) {
      requests_[born->pid] = born->request;
      if (received.descriptors.size() == 1 && received.descriptors.front()) {
        born->pidfd = std::move(received.descriptors.front());
        return true;
      }
      // A worker that cannot be watched is none: this process has no descriptor left.
      kill(born->pid, kill_signal);
      unwanted_.insert(born->request);
      news = worker_refused{born->request, EMFILE, "receiving the worker's pidfd"};
      return true;
    }
    if (const auto* const ended = std::get_if<worker_ended>(&news)) {
      requests_.erase(ended->pid);
      return unwanted_.erase(ended->request) == 0;
    }
    return true;
  }

  zygote_news lose() {
    state_ = link::lost;
    zygote_->give_up();
    waiting_.clear();
    watch_.want(socket_.get(), wanted_events::reading);
    return zygote_lost{};
  }

  void close() noexcept {
    if (!zygote_ || !socket_) return;
    if (mark_.same()) {
      stop_sending(socket_.get());
      await_end();
    }
    socket_.reset();
    zygote_.reset();
  }

  // The zygote closes its end when the last worker of the session is gone.
  void await_end() noexcept {
    const auto until = steady::now() + patience;
    packet ignored;
    try {
      while (steady::now() < until && ready_within(socket_.get(), until - steady::now())) {
        const arrival found = receive_packet(socket_.get(), ignored);
        if (found == arrival::end_of_file || found == arrival::failed) return;
      }
    } catch (const std::bad_alloc&) {
      return;  // the workers are gone as soon, only unseen
    }
  }

  static constexpr std::chrono::seconds patience{1};

  process_mark mark_ = process_mark::current();
  std::shared_ptr<zygote_process> zygote_;
  unique_fd socket_;
  socket_watch watch_;
  std::deque<outgoing> waiting_{};           // the zygote had no room for
  std::map<int, std::uint64_t> requests_{};  // of the live workers, by pid
  std::set<std::uint64_t> unwanted_{};       // refused here, and not yet dead there
  std::uint64_t last_request_ = 0;
  link state_ = link::open;
};

}}}  // namespace workpool::v0::detail
