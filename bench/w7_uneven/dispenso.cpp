#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::dispenso_pool>(); }
