#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::dispenso_pool>(); }
