#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::dp_pool>(); }
