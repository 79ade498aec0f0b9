#include "peers/eigen.hpp"

#include "config.hpp"

int main() { return bench::w3_submit_get::run<bench::peers::eigen_pool>(); }
