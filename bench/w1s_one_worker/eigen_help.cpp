#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w1s_one_worker::run<bench::peers::eigen_pool>(1); }
