#include "peers/tmc.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::tmc_pool>(); }
