#include "peers/dp.hpp"

#include "config.hpp"

int main() { return bench::w3_submit_get::run<bench::peers::dp_pool>(); }
