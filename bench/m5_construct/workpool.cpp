#include "driver/process_main.hpp"
#include "peers/workpool_processes.hpp"

#include "config.hpp"

int bench_main() { return bench::m5_construct::run<bench::peers::workpool_processes>(); }
