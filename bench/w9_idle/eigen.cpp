#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::eigen_pool>(); }
