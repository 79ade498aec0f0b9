#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::tbb_pool>(); }
