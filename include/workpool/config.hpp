#pragma once

/// What the compiler and the platform offer, and the switches a program may set before the first include.
/// Nothing here changes the layout of a public type: translation units with different switches may be linked together.

#if __cplusplus < 202002L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#error "workpool needs C++20: compile with -std=c++20 or later"
#endif

#include <version>
#if !defined(__cpp_lib_jthread)
#error "workpool needs std::stop_token: libc++ has it from 20 on, libc++ 18 and 19 with -fexperimental-library"
#endif

/// Stands in front of what there is to be once in a process: pools, tasks and errors go from a program to its libraries
/// and back, and with -fvisibility=hidden each of them would otherwise have a copy of its own.
#if defined(__GNUC__)
#define WORKPOOL_ONE_PER_PROCESS [[gnu::visibility("default")]]
#else
#define WORKPOOL_ONE_PER_PROCESS
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
