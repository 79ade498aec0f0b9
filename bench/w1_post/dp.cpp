#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::dp_pool>(); }
