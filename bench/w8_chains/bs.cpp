#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::bs_pool>(); }
