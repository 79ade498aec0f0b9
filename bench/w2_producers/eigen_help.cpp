#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::eigen_pool>(1); }
