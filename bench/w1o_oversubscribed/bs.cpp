#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::bs_pool>(); }
