#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w1s_one_worker::run<bench::peers::tbb_pool>(); }
