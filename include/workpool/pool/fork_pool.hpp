#pragma once
#include <workpool/config.hpp>  // first, as it says what the compiler has to know

#include <workpool/pool/basic_fork_pool.hpp>
#include <workpool/pool/worker_pool.hpp>

namespace workpool { inline namespace v0 {

/// The pool for everyday use: see basic_fork_pool.
using fork_pool = basic_fork_pool<>;
static_assert(worker_pool<fork_pool>);

}}  // namespace workpool::v0
