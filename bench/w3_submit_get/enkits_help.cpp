#include "peers/enkits.hpp"

#include "config.hpp"

int main() { return bench::w3_submit_get::run<bench::peers::enkits_pool>(bench::workers + 1); }
