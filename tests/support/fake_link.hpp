#pragma once

#include <cstddef>
#include <memory>
#include <vector>
#include <workpool/core/outcome.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/call_codec.hpp>
#include <workpool/pool/crew_link.hpp>

#include "support/fake_owner.hpp"

namespace workpool_test {

/// A link to a pool whose crew only notes what it is to stop.
class fake_link final : private workpool::detail::task_stopper {
 public:
  using task = workpool::detail::task;

  std::shared_ptr<workpool::detail::crew_link> link() const { return link_; }

  fake_owner owner;
  std::vector<const task*> stopped, ended_early, collected_for, recalled;

 private:
  void recall(task& one) noexcept override {
    recalled.push_back(&one);
    one.hand_back();
  }
  workpool::cancel_result stop(task& one) noexcept override {
    stopped.push_back(&one);
    return workpool::cancel_result::stop_requested;
  }
  void end_early(task& one) noexcept override { ended_early.push_back(&one); }
  bool collect(task& one, workpool::time_point) noexcept override {
    collected_for.push_back(&one);
    return one.settled();
  }

  std::shared_ptr<workpool::detail::crew_link> link_ =
      std::make_shared<workpool::detail::crew_link>(owner, static_cast<workpool::detail::task_stopper&>(*this));
};

/// Values as they travel.
template <class... Values>
std::vector<std::byte> encoded(const Values&... values) {
  std::vector<std::byte> bytes;
  workpool::byte_writer out(bytes, std::size_t{1} << 20);
  workpool::detail::encode_arguments(out, values...);
  return bytes;
}

}  // namespace workpool_test
