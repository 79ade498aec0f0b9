#include <workpool/ipc/channel_kind.hpp>

#include "support/catch.hpp"

TEST_CASE("a channel is chosen automatically where nobody says which") {
  CHECK(workpool::channel_kind{} == workpool::channel_kind::automatic);
}
