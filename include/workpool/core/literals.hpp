#pragma once

#include <cstddef>

namespace workpool { inline namespace v0 {

/// Sizes in bytes: 64_KiB, 256_MiB, 1_GiB. Bring them in with `using namespace workpool::literals`.
namespace literals {

constexpr std::size_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::size_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::size_t operator""_GiB(unsigned long long n) { return n << 30; }

}  // namespace literals

}}  // namespace workpool::v0
