#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::enkits_pool>(); }
