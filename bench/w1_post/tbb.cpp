#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::tbb_pool>(); }
