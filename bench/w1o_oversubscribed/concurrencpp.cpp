#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::concurrencpp_pool>(); }
