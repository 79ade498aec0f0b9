#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::tbb_pool>(); }
