#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>
#include <workpool/ipc/frame.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/forked.hpp"
#include "support/own_channel.hpp"

/// What workers are told to do, good and bad. Each runs in a process of its own.
namespace workpool_test {

inline int plus(int left, int right) { return left + right; }
inline int worker_pid() { return ::getpid(); }
[[noreturn]] inline void die_of(int signal) {
  std::signal(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(99);
}
[[noreturn]] inline void leave_with(int code) { ::_exit(code); }
[[noreturn]] inline void wait_for_ever() {
  while (true) ::pause();
}
/// Cannot be told, only killed.
[[noreturn]] inline void wait_stubbornly() {
  std::signal(SIGTERM, SIG_IGN);
  wait_for_ever();
}
/// Shows that it lives, once.
[[noreturn]] inline void fall_silent() {
  workpool::this_worker::heartbeat();
  wait_for_ever();
}
[[noreturn]] inline void speak_and_abort(const std::string& words) {
  write_text(2, words);
  die_of(SIGABRT);
}
[[noreturn]] inline void grow(std::size_t bytes) {
  volatile char* const memory = static_cast<char*>(std::malloc(bytes));
  for (std::size_t at = 0; at < bytes; at += 512) memory[at] = 1;
  wait_for_ever();
}
inline int until_asked_to_stop(std::stop_token stop, int gives) {
  workpool::this_worker::heartbeat();
  while (!stop.stop_requested()) ::usleep(100);
  return gives;
}
inline int beat_until_asked_to_stop(std::stop_token stop, int gives) {
  while (!stop.stop_requested()) {
    workpool::this_worker::heartbeat();
    ::usleep(5'000);
  }
  return gives;
}
inline std::string variable(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "(none)" : value;
}

/// The stream sockets of this process; a worker has one, to its host.
inline std::vector<int> stream_sockets() {
  std::vector<int> found;
  for (const int one : open_descriptors()) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(one, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM) found.push_back(one);
  }
  return found;
}
/// Says something else than a worker does.
inline void say_bytes(const std::string& bytes) { write_to_host(bytes); }
inline void say_frame(int kind, workpool::task_id task, unsigned generation) {
  const workpool::frame_header header{
      .task = task, .attempt = 1, .generation = generation, .kind = static_cast<workpool::frame_kind>(kind)};
  say_bytes({reinterpret_cast<const char*>(&header), sizeof header});
}
inline void hang_up() {
  for (const int one : stream_sockets()) ::close(one);
}
[[noreturn]] inline void hang_up_and_wait() {
  hang_up();
  wait_for_ever();
}
[[noreturn]] inline void hang_up_and_leave(int code) {
  hang_up();
  leave_with(code);
}

}  // namespace workpool_test
