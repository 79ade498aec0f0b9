#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::eigen_pool>(); }
