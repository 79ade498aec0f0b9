#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::eigen_pool>(1); }
