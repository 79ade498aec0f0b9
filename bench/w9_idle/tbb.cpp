#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::tbb_pool>(); }
