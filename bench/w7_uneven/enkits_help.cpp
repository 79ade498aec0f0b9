#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::enkits_pool>(1); }
