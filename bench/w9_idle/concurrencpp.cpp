#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::concurrencpp_pool>(); }
