#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::dp_pool>(); }
