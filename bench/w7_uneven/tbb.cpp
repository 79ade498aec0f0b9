#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::tbb_pool>(); }
