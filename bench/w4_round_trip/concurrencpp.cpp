#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w4_round_trip::run<bench::peers::concurrencpp_pool>(); }
