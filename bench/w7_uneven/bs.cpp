#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::bs_pool>(); }
