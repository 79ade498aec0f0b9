#include "peers/concurrencpp.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::concurrencpp_pool>(); }
