#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::concurrencpp_pool>(); }
