#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::enkits_pool>(); }
