#pragma once
/// For the file with main, and only that: children enter here. It includes Boost.Process (headers, 1.81 or later).
#include <workpool/config.hpp>  // first, as it says what the compiler has to know

#include <workpool/worker/pool_entry.hpp>
