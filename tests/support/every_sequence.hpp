#pragma once

#include <cstddef>

namespace workpool_test {

inline constexpr std::size_t step_kinds = 8;  // of those who are driven by this
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t longest_sequence = 6;
inline constexpr std::size_t all_sequences = 299'593;  // 8⁰ + 8¹ + … of them
#else
inline constexpr std::size_t longest_sequence = 8;
inline constexpr std::size_t all_sequences = 19'173'961;
#endif

/// What was tried, and the first rule that was broken, or nullptr.
struct enumeration {
  std::size_t sequences = 0;
  const char* broken = nullptr;
};

/// Goes through every sequence of up to `length` steps, each from a copy. `Driven` is called with a Step, which has
/// step_kinds values, and says in `broken` which rule did not hold.
template <class Step, class Driven>
void try_every_sequence(const Driven& before, enumeration& so_far, std::size_t length = longest_sequence) {
  ++so_far.sequences;
  if (length == 0) return;
  for (std::size_t next = 0; next < step_kinds && so_far.broken == nullptr; ++next) {
    Driven after = before;
    after(static_cast<Step>(next));
    so_far.broken = after.broken;
    if (so_far.broken == nullptr) try_every_sequence<Step>(after, so_far, length - 1);
  }
}

}  // namespace workpool_test
