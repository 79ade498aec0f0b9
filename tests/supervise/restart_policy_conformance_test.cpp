#include <workpool/supervise/restart_policy.hpp>

#include <tuple>
#include <workpool/supervise/restart_intensity.hpp>

namespace {

struct by_default {
  static auto make() { return workpool::restart_intensity({}, 1); }
};
struct strict {
  static auto make() {
    return workpool::restart_intensity({.when = workpool::restart_when::transient, .max_restarts = 2}, 1);
  }
};
struct once_more {
  static auto make() {
    struct policy {
      workpool::restart_decision decide(const workpool::death&, workpool::time_point) {
        using action = workpool::restart_decision::action;
        return used ? workpool::restart_decision{action::give_up}
                    : (used = true, workpool::restart_decision{action::restart});
      }
      void reset() { used = false; }
      bool used = false;
    };
    return policy();
  }
};

using restart_policies = std::tuple<by_default, strict, once_more>;

}  // namespace

#include "conformance/restart_policy.hpp"
