#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::bs_pool>(); }
