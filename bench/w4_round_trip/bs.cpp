#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::bs_pool>(); }
