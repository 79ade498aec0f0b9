#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::eigen_pool>(); }
