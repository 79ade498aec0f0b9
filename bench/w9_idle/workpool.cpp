#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::workpool_pool>(); }
