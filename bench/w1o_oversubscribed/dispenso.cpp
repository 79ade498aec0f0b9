#include "peers/dispenso.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::dispenso_pool>(); }
