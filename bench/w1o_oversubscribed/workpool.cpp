#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::workpool_pool>(); }
