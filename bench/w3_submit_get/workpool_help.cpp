#include "peers/workpool.hpp"

#include "config.hpp"

int main() { return bench::w3_submit_get::run<bench::peers::workpool_helping_pool>(bench::workers + 1); }
