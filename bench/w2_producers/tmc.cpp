#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::tmc_pool>(); }
