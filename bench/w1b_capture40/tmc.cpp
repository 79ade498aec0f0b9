#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::tmc_pool>(); }
