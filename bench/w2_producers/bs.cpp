#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::bs_pool>(); }
