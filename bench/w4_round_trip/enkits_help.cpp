#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::enkits_pool>(bench::workers + 1); }
