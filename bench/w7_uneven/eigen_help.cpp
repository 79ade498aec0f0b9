#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::eigen_pool>(1); }
