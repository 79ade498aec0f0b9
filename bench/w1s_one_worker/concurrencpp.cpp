#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w1s_one_worker::run<bench::peers::concurrencpp_pool>(); }
