#pragma once
#include <omp.h>

#include <string>

namespace bench::peers {

inline std::string gomp_version() { return "OpenMP " + std::to_string(_OPENMP) + ", g++ " __VERSION__; }

}  // namespace bench::peers
