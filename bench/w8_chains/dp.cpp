#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::dp_pool>(); }
