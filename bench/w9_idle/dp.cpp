#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::dp_pool>(); }
