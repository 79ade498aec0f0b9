#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w1s_one_worker::run<bench::peers::workpool_pool>(); }
