#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::tbb_pool>(); }
