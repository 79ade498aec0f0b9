#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::concurrencpp_pool>(); }
