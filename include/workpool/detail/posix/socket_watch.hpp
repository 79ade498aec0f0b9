#pragma once
#include <sys/epoll.h>

#include <workpool/detail/posix/readiness.hpp>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One descriptor to wait for, readable when another is ready for what is wanted of it just now: so that who waits need
/// not know about a peer that has no room.
class socket_watch {
 public:
  socket_watch() noexcept = default;
  /// Watches `descriptor` for reading. Empty, with errno, on failure.
  explicit socket_watch(int descriptor) noexcept : watch_(above_stdio(unique_fd(::epoll_create1(EPOLL_CLOEXEC)))) {
    if (watch_ && !control(EPOLL_CTL_ADD, descriptor, wanted_events::reading)) watch_.reset();
  }

  explicit operator bool() const noexcept { return static_cast<bool>(watch_); }
  int get() const noexcept { return watch_.get(); }
  void want(int descriptor, wanted_events wanted) noexcept { control(EPOLL_CTL_MOD, descriptor, wanted); }

 private:
  bool control(int operation, int descriptor, wanted_events wanted) const noexcept {
    epoll_event event{};
    event.events = wanted == wanted_events::reading   ? unsigned{EPOLLIN}
                   : wanted == wanted_events::writing ? unsigned{EPOLLOUT}
                                                      : unsigned{EPOLLIN} | unsigned{EPOLLOUT};
    return ::epoll_ctl(watch_.get(), operation, descriptor, &event) == 0;
  }

  unique_fd watch_;
};

}}}  // namespace workpool::v0::detail
