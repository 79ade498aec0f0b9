#pragma once

/// The one place that names moodycamel's header, which every distributor puts elsewhere.
/// Set WORKPOOL_CONCURRENTQUEUE_HEADER to the include you want (brackets or quotes included) to bypass the search.
/// Source: Cameron Desrochers, "A fast general purpose lock-free queue for C++",
/// https://github.com/cameron314/concurrentqueue

#ifndef WORKPOOL_CONCURRENTQUEUE_HEADER
#if __has_include(<moodycamel/concurrentqueue.h>)
#define WORKPOOL_CONCURRENTQUEUE_HEADER <moodycamel/concurrentqueue.h>
#elif __has_include(<concurrentqueue/moodycamel/concurrentqueue.h>)
#define WORKPOOL_CONCURRENTQUEUE_HEADER <concurrentqueue/moodycamel/concurrentqueue.h>
#elif __has_include(<concurrentqueue/concurrentqueue.h>)
#define WORKPOOL_CONCURRENTQUEUE_HEADER <concurrentqueue/concurrentqueue.h>
#elif __has_include(<concurrentqueue.h>)
#define WORKPOOL_CONCURRENTQUEUE_HEADER <concurrentqueue.h>
#else
#error "no concurrentqueue.h: install libconcurrentqueue-dev, or define WORKPOOL_CONCURRENTQUEUE_HEADER as its include"
#define WORKPOOL_CONCURRENTQUEUE_HEADER <concurrentqueue.h>  // ends it here: what follows would bury the line above
#endif
#endif

// Found outside the system directories, the header would report its own conversions and shadowing to our users.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif

#include WORKPOOL_CONCURRENTQUEUE_HEADER

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
