#pragma once

/// What the compiler and the platform offer, and the switches a program may set before the first include.
/// Nothing here changes the layout of a public type: translation units with different switches may be linked together.

#if __cplusplus < 202002L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#error "workpool needs C++20: compile with -std=c++20 or later"
#endif

/// 1 when built under ThreadSanitizer (g++ or clang++).
#if defined(__SANITIZE_THREAD__)
#define WORKPOOL_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WORKPOOL_UNDER_TSAN 1
#endif
#endif
#ifndef WORKPOOL_UNDER_TSAN
#define WORKPOOL_UNDER_TSAN 0
#endif

/// 1 when built under AddressSanitizer (g++ or clang++).
#if defined(__SANITIZE_ADDRESS__)
#define WORKPOOL_UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORKPOOL_UNDER_ASAN 1
#endif
#endif
#ifndef WORKPOOL_UNDER_ASAN
#define WORKPOOL_UNDER_ASAN 0
#endif
