#pragma once
#include <cstdint>

namespace workpool { inline namespace v0 { namespace detail {

/// What the answer of a worker says, behind its bytes, of a buffer that was sent to it, or made by it: whether the
/// answer gives it, and how many of the times that it was sent are over. As many as the flags of the frame say.
struct buffer_note {
  std::uint64_t id = 0;
  std::uint32_t times = 0, given = 0;
};
static_assert(sizeof(buffer_note) == 16);

}}}  // namespace workpool::v0::detail
