#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::tbb_pool>(); }
