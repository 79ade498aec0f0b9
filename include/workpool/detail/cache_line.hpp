#pragma once
#include <cstddef>

namespace workpool { inline namespace v0 { namespace detail {

/// The distance that keeps two words written by different threads apart.
/// Units: bytes; x86-64 and arm64 transfer lines of 64. A constant and not
/// std::hardware_destructive_interference_size, whose value may differ between two translation units.
inline constexpr std::size_t cache_line = 64;

}}}  // namespace workpool::v0::detail
