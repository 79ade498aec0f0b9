#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::workpool_helping_pool>(bench::workers + 1); }
