#pragma once
#include <cstdint>

namespace workpool { inline namespace v0 { namespace detail {

/// Spreads a number over all 64 bits: numbers that differ in one bit differ in about half of theirs; no two give the
/// same. Source: the finalizer of SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014; constants of D. Stafford's variant 13).
constexpr std::uint64_t mix64(std::uint64_t number) noexcept {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

}}}  // namespace workpool::v0::detail
