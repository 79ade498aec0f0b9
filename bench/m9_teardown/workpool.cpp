#include "driver/process_main.hpp"
#include "peers/workpool_processes.hpp"

#include "config.hpp"

int bench_main() { return bench::m9_teardown::run<bench::peers::workpool_processes>(); }
