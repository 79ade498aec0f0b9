#pragma once
#include <cstddef>
#include <workpool/core/priority.hpp>

namespace workpool { inline namespace v0 {

/// How for_each and transform_reduce share a range out.
struct loop_options {
  std::size_t chunk = 0;  // elements taken at a time; 0: chosen from the size of the range and the number of workers
  workpool::priority priority = priority::normal;  // of the tasks that help the caller
};

}}  // namespace workpool::v0
