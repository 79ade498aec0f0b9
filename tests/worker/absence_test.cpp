#include <workpool/worker/absence.hpp>

#include "support/catch.hpp"

#include <string>

using workpool::worker_id;
using workpool::detail::absence;

namespace {

class listener final : public workpool::detail::stall_watch {
 public:
  void stalled(worker_id worker) noexcept override { heard += "-" + std::to_string(worker); }
  void recovered(worker_id worker) noexcept override { heard += "+" + std::to_string(worker); }
  std::string heard;
};

}  // namespace

TEST_CASE("a crew hears when a worker goes and when it is back", "[absence]") {
  listener crew;
  {
    const absence outer(crew, 2);
    const absence inner(crew, 2);
    CHECK(crew.heard == "-2-2");
  }
  CHECK(crew.heard == "-2-2+2+2");
}

TEST_CASE("nobody misses a thread that is no worker", "[absence]") {
  listener crew;
  { const absence away(crew, workpool::detail::no_worker); }
  CHECK(crew.heard.empty());
}
