#include "driver/process_main.hpp"
#include "peers/workpool_processes.hpp"

#include "config.hpp"

int bench_main() { return bench::m6_replace::run<bench::peers::workpool_processes>(); }
