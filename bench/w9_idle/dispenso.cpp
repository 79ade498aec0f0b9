#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::dispenso_pool>(); }
