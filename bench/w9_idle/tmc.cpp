#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::tmc_pool>(); }
