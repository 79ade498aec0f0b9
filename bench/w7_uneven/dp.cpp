#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::dp_pool>(); }
