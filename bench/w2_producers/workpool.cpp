#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::workpool_pool>(); }
