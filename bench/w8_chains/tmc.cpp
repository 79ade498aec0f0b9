#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::tmc_pool>(); }
