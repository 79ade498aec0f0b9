#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::tbb_helping_pool>(bench::workers + 1); }
