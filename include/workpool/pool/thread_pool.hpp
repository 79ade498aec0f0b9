#pragma once
#include <workpool/config.hpp>  // first, as it says what the compiler has to know

#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/pool/worker_pool.hpp>

namespace workpool { inline namespace v0 {

/// A pool of threads with the defaults: four priority lanes, whoever is free takes the next task.
using thread_pool = basic_thread_pool<>;
static_assert(worker_pool<thread_pool>);

}}  // namespace workpool::v0
