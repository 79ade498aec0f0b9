#include <workpool/ipc/channel.hpp>

#include "support/catch.hpp"

#include <memory>

namespace {

// The poorest type that is a channel.
struct poorest {
  workpool::transfer send(const workpool::frame_header&, std::span<const std::byte>,
                          const std::shared_ptr<const void>& = nullptr) {
    return {};
  }
  workpool::transfer flush() { return {}; }
  workpool::transfer receive(workpool::frame&) { return {}; }
  bool wants_to_write() const noexcept { return false; }
  std::size_t unsent() const noexcept { return 0; }
  std::size_t unread() const noexcept { return 0; }
  int wait_handle() const noexcept { return -1; }
  bool in_shared_memory() const noexcept { return false; }
  bool arm() noexcept { return true; }
  void disarm() noexcept {}
  void mute() noexcept {}
  void unmute() noexcept {}
  bool has_arrived() const noexcept { return false; }
  bool wait(workpool::wait_for, workpool::time_point) const noexcept { return true; }
  void close() noexcept {}
  bool is_open() const noexcept { return false; }
};

struct without_lending : poorest {
  workpool::transfer send(const workpool::frame_header&, std::span<const std::byte>) { return {}; }
};

struct without_unread : poorest {
  std::size_t unread() const noexcept = delete;
};

}  // namespace

TEST_CASE("a channel has what the concept names and needs no more") {
  STATIC_REQUIRE(workpool::channel<poorest>);
  STATIC_REQUIRE_FALSE(workpool::channel<without_lending>);
  STATIC_REQUIRE_FALSE(workpool::channel<without_unread>);
}
