#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::concurrencpp_pool>(); }
