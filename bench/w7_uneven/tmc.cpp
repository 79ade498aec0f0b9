#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::tmc_pool>(); }
