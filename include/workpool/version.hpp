#pragma once

/// The version of workpool, as macros for the preprocessor and as a constant for code.
/// The build reads these three lines: no other place states the version.
#define WORKPOOL_VERSION_MAJOR 0
#define WORKPOOL_VERSION_MINOR 1
#define WORKPOOL_VERSION_PATCH 0

/// One number that grows with every release, for `#if WORKPOOL_VERSION >= 1000` tests:
/// major * 1'000'000 + minor * 1'000 + patch.
#define WORKPOOL_VERSION (WORKPOOL_VERSION_MAJOR * 1000000 + WORKPOOL_VERSION_MINOR * 1000 + WORKPOOL_VERSION_PATCH)

namespace workpool { inline namespace v0 {

/// A release of workpool.
struct version_info {
  int major_number;
  int minor_number;
  int patch_number;
};

/// The release these headers belong to.
inline constexpr version_info version{WORKPOOL_VERSION_MAJOR, WORKPOOL_VERSION_MINOR, WORKPOOL_VERSION_PATCH};

}}  // namespace workpool::v0
