// The main function of every test program: Catch2 2.13 or 3, with a hang trap around each test case.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"
//
#include "support/hang_trap.hpp"

#include <optional>
#ifdef WORKPOOL_TEST_FORK
#include <workpool/worker_entry.hpp>
#endif

namespace {

#if WORKPOOL_CATCH_MAJOR >= 3
using listener_base = Catch::EventListenerBase;
#else
using listener_base = Catch::TestEventListenerBase;
#endif

class arm_per_test_case : public listener_base {
 public:
  using listener_base::listener_base;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    listener_base::testCaseStarting(info);
    trap_.emplace(info.name);
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    trap_.reset();
    listener_base::testCaseEnded(stats);
  }

 private:
  std::optional<workpool_test::hang_trap> trap_;
};

}  // namespace

CATCH_REGISTER_LISTENER(arm_per_test_case)

int main(int argc, char** argv) {
#ifdef WORKPOOL_TEST_FORK
  if (const auto code = workpool::worker_entry(argc, argv)) return *code;
#endif
  return Catch::Session().run(argc, argv);
}
