#include <workpool/ipc/buffer_note.hpp>

#include "support/catch.hpp"

#include <type_traits>

TEST_CASE("a note of a buffer is its bytes, and says nothing when nothing is said") {
  CHECK(std::has_unique_object_representations_v<workpool::detail::buffer_note>);
  CHECK(workpool::detail::buffer_note{}.given == 0);
  CHECK(workpool::detail::buffer_note{}.times == 0);
}
