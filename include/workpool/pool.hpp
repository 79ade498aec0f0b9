#pragma once
/// The everyday include.
#include <workpool/config.hpp>  // first, as it says what the compiler has to know

#include <workpool/algorithm/for_each.hpp>
#include <workpool/algorithm/map.hpp>
#include <workpool/algorithm/parallel_invoke.hpp>
#include <workpool/algorithm/task_group.hpp>
#include <workpool/algorithm/transform_reduce.hpp>
#include <workpool/core/literals.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/worker/this_worker.hpp>
