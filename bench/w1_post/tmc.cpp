#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::tmc_pool>(); }
