#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::dispenso_pool>(); }
