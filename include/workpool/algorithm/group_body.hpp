#pragma once
#include <utility>
#include <workpool/algorithm/body_count.hpp>
#include <workpool/algorithm/group_state.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The callable that a pool gets for a member. The ticket comes first and so dies last, after the user's callable.
class group_body {
 public:
  group_body(group_state& group, entry_ref one) noexcept
      : ticket_(group.enter()), group_(&group), member_(std::move(one)) {}
  group_body(group_body&&) noexcept = default;
  group_body& operator=(group_body&&) = delete;
  ~group_body() {
    if (!member_) return;
    if (!ran_) group_->never_ran(member_);
    member_->drop();
  }

  void operator()() {
    ran_ = true;
    group_->perform(member_);
  }

 private:
  body_count::ticket ticket_;
  group_state* group_;
  entry_ref member_;
  bool ran_ = false;
};

}}}  // namespace workpool::v0::detail
