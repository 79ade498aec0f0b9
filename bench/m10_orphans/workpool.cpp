#include "driver/process_main.hpp"
#include "peers/workpool_processes.hpp"

#include "config.hpp"

int bench_main() { return bench::m10_orphans::run<bench::peers::workpool_processes>(); }
