#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::workpool_pool>(); }
