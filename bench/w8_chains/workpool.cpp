#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::workpool_pool>(); }
