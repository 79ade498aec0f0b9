#include "peers/bs.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::bs_pool>(); }
