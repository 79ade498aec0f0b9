#include "peers/tbb.hpp"

#include "config.hpp"

int main() { return bench::w3_submit_get::run<bench::peers::tbb_helping_pool>(bench::workers + 1); }
