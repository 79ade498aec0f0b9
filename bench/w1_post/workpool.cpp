#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::workpool_pool>(); }
