#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <workpool/core/error.hpp>
#include <workpool/detail/posix/clean_child.hpp>
#include <workpool/detail/posix/close_descriptors.hpp>
#include <workpool/detail/posix/dead_child.hpp>
#include <workpool/detail/posix/message_socket.hpp>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/detail/posix/process_image.hpp>
#include <workpool/detail/posix/process_watch.hpp>
#include <workpool/detail/posix/readiness.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/detail/posix/standard_streams.hpp>
#include <workpool/worker/become_worker.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/zygote_wire.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The zygote's loop: forks workers for the sessions of its host, reaps them, and lets nothing of theirs outlive them.
///
///   host ── master socket ──► a session per pool ── birth, kill ──► worker: pending ─► born ──► dead
///                                                ◄── born, refused, ended ──┘   └─► refused ─► dead
///
/// A session ends when its host closes it; its workers are killed, and the zygote's end of it is closed when the last
/// of them is gone. It ends itself when the host is dead, or has closed the master and every session.
/// Threads: the only one of its process. Blocks: for nothing but all of its descriptors at once.
class zygote_server {
 public:
  zygote_server(unique_fd master, worker_main main) noexcept : master_(std::move(master)), main_(main) {}

  /// Gives: what the process is to end with.
  int run() {
    deaths_ = watch_children();
    if (!deaths_) return errno;
    send_packet(master_.get(), zygote_wire::announce(zygote_wire::kind::hello));
    while (!finished()) {
      watch_all();
      ready_.wait();
      serve();
    }
    return 0;
  }

 private:
  enum class birth_state : std::uint8_t { pending, born, refused };

  struct worker {
    std::uint64_t session = 0, request = 0;
    std::string program{};
    unique_fd pidfd{}, complaints{};  // until it is born or refused
    birth_state state = birth_state::pending;
    std::size_t watched = unwatched;
  };

  struct outgoing {
    std::string bytes;
    unique_fd descriptor{};
  };

  struct session {
    unique_fd socket{};
    std::deque<outgoing> waiting{};  // the host does not read that fast
    bool closing = false;
    std::size_t watched = unwatched;
  };

  static constexpr std::size_t unwatched = static_cast<std::size_t>(-1);
  static constexpr int packets_per_turn = 16;  // so that one session does not starve the others

  bool finished() {
    if (master_ || !sessions_.empty()) return false;
    sweep();
    return next_dead_child() < 0;
  }

  void watch_all() {
    ready_.clear();
    ready_.watch(deaths_.get());
    master_watched_ = master_ ? ready_.watch(master_.get()) : unwatched;
    host_watched_ = host_ ? ready_.watch(host_.get()) : unwatched;
    for (auto& [pid, one] : workers_) one.watched = one.complaints ? ready_.watch(one.complaints.get()) : unwatched;
    for (auto& [id, one] : sessions_) {
      const wanted_events wanted = one.waiting.empty() ? wanted_events::reading : wanted_events::both;
      one.watched = one.closing ? unwatched : ready_.watch(one.socket.get(), wanted);
    }
  }

  bool ready(std::size_t watched) const noexcept { return watched != unwatched && ready_.ready(watched); }

  void serve() {
    for (auto& [pid, one] : workers_) {
      if (ready(one.watched)) settle_birth(pid, one);
    }
    bury();
    if (ready(host_watched_)) lose_host();
    if (ready(master_watched_)) hear_master();
    for (auto& [id, one] : sessions_) {
      if (!ready(one.watched)) continue;
      send_waiting(id, one);
      hear(id, one);
    }
    forget_closed_sessions();
  }

  void hear_master() {
    packet next;
    arrival found = arrival::complete;
    while (master_ && (found = receive_packet(master_.get(), next)) != arrival::nothing_yet) {
      if (found == arrival::end_of_file || found == arrival::failed) {
        master_.reset();
      } else if (next.descriptors.size() == 1 && zygote_wire::is_announcement(next.bytes, zygote_wire::kind::session)) {
        sessions_[++last_session_].socket = std::move(next.descriptors.front());
      } else if (next.descriptors.size() == 1 && zygote_wire::is_announcement(next.bytes, zygote_wire::kind::host)) {
        host_ = std::move(next.descriptors.front());
      }
    }
  }

  void lose_host() {
    host_.reset();
    master_.reset();
    for (auto& [id, one] : sessions_) close(id, one);
  }

  void hear(std::uint64_t id, session& from) {
    packet next;
    for (int turn = 0; turn < packets_per_turn && !from.closing; ++turn) {
      const arrival found = receive_packet(from.socket.get(), next);
      if (found == arrival::nothing_yet) return;
      if (found == arrival::end_of_file || found == arrival::failed) return close(id, from);
      try {
        obey(id, next, found);
      } catch (const protocol_error&) {
        close(id, from);
      }
    }
  }

  void obey(std::uint64_t id, packet& next, arrival found) {
    auto order = zygote_wire::decode_order(next.bytes);
    if (const auto* const kill = std::get_if<zygote_wire::kill_request>(&order)) {
      for (const auto& [pid, one] : workers_) {
        if (one.session == id && one.request == kill->request) signal_group(pid, kill->signal);
      }
      return;
    }
    auto& [request, birth] = std::get<zygote_wire::birth_request>(order);
    if (found == arrival::damaged) return refuse(id, request, EMFILE, "descriptors for the zygote");
    std::size_t used = 0;
    for (int* const one : birth.descriptors()) {
      if (*one < 0) continue;
      if (used == next.descriptors.size()) zygote_wire::refuse(next.bytes);
      *one = next.descriptors[used++].get();
    }
    give_birth(id, request, birth);
  }

  void give_birth(std::uint64_t id, std::uint64_t request, worker_birth& birth) {
    socket_pair complaints = socket_pair::make(socket_kind::packets);
    if (!complaints) return refuse(id, request, errno, "socket for complaints");
    const int zygote = this_process();
    const int pid = fork_process();
    if (pid < 0) return refuse(id, request, errno, "fork");
    if (pid == 0) become_worker(std::move(birth), zygote, std::move(complaints.right), main_);
    give_own_group(pid);
    worker made{.session = id, .request = request, .complaints = std::move(complaints.left)};
    if (!birth.program.empty()) made.program = birth.program.front();
    made.pidfd = watch_process(pid);
    const int error = made.pidfd ? 0 : errno;
    worker& kept = workers_[pid] = std::move(made);
    if (error != 0) miscarry(pid, kept, error, "pidfd");
  }

  void miscarry(int pid, worker& one, int error, const std::string& step) {
    one.state = birth_state::refused;
    one.complaints.reset();
    one.pidfd.reset();
    signal_group(pid, kill_signal);
    refuse(one.session, one.request, error, step);
  }

  void settle_birth(int pid, worker& one) {
    packet complaint;
    const arrival found = receive_packet(one.complaints.get(), complaint);
    if (found == arrival::nothing_yet) return;
    if (found == arrival::complete) {
      const birth_complaint why = birth_complaint::from(complaint.bytes);
      return miscarry(pid, one, why.error, why.step == "exec" ? "exec of '" + one.program + "'" : why.step);
    }
    one.complaints.reset();
    one.state = birth_state::born;
    tell(one.session, zygote_wire::encode(worker_born{one.request, pid, {}}), std::move(one.pidfd));
  }

  /// Reaps whoever has ended, and ends what they leave behind, before it tells anybody.
  void bury() {
    forget_death_notices(deaths_.get());
    std::vector<std::pair<worker, dead_child>> ended;
    bool any = false;
    for (int pid = 0; (pid = next_dead_child()) > 0; any = true) {
      const auto found = workers_.find(pid);
      if (found == workers_.end()) {
        reap_child(pid);
        continue;
      }
      signal_group(pid, kill_signal);  // its group is still its own
      if (found->second.complaints) settle_birth(pid, found->second);
      ended.emplace_back(std::move(found->second), reap_child(pid));
      workers_.erase(found);
    }
    if (any) sweep();
    for (const auto& [one, end] : ended) {
      if (one.state != birth_state::born) continue;
      tell(one.session, zygote_wire::encode(
                            worker_ended{one.request, end.pid, end.exit_code, end.signal, end.max_rss, end.cpu_time}));
    }
  }

  void sweep() {
    orphans_ = sweep_orphans([&](int child) { return workers_.count(child) != 0; });
  }

  void refuse(std::uint64_t id, std::uint64_t request, int error, const std::string& step) {
    tell(id, zygote_wire::encode(worker_refused{request, error, step}));
  }

  void tell(std::uint64_t id, std::string bytes, unique_fd descriptor = {}) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || found->second.closing) return;
    found->second.waiting.push_back({std::move(bytes), std::move(descriptor)});
    send_waiting(id, found->second);
  }

  void send_waiting(std::uint64_t id, session& to) {
    while (!to.closing && !to.waiting.empty()) {
      outgoing& next = to.waiting.front();
      const std::array<int, 1> number{next.descriptor.get()};
      const int error =
          next.descriptor ? send_packet(to.socket.get(), next.bytes, number) : send_packet(to.socket.get(), next.bytes);
      if (error == EAGAIN) return;
      if (error == ETOOMANYREFS && next.descriptor) {
        next.descriptor.reset();  // the host takes it for one it could not take in
        continue;
      }
      if (error != 0) return close(id, to);
      to.waiting.pop_front();
    }
  }

  void close(std::uint64_t id, session& one) {
    one.closing = true;
    one.waiting.clear();
    for (const auto& [pid, each] : workers_) {
      if (each.session == id) signal_group(pid, kill_signal);
    }
  }

  void forget_closed_sessions() {
    std::erase_if(sessions_, [&](const auto& entry) {
      if (!entry.second.closing || orphans_ != 0) return false;
      for (const auto& [pid, each] : workers_) {
        if (each.session == entry.first) return false;
      }
      return true;
    });
  }

  unique_fd master_, deaths_{}, host_{};
  const worker_main main_;
  readiness ready_{};
  std::size_t master_watched_ = unwatched, host_watched_ = unwatched;
  std::map<std::uint64_t, session> sessions_{};
  std::map<int, worker> workers_{};  // by pid: every child that is not an orphan
  std::size_t orphans_ = 0;          // seen by the last sweep; each makes another one necessary
  std::uint64_t last_session_ = 0;
};

/// The life of a zygote, in a process that nobody else uses: everything it inherited is put away first.
/// Gives: its exit code.
inline int run_zygote(unique_fd master, worker_main main) {
  leave_session();
  block_all_signals();
  default_dispositions();
  name_this_process("workpool-zygote");
  if (fill_standard_streams() != 0 || empty_standard_input() != 0) return 1;
  const std::array<int, 4> kept{0, 1, 2, master.get()};
  close_all_but(kept);
  if (set_on_exec(master.get(), on_exec::close) != 0 || become_subreaper() != 0) return 1;
  return zygote_server(std::move(master), main).run();
}

}}}  // namespace workpool::v0::detail
