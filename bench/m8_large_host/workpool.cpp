#include "driver/process_main.hpp"
#include "peers/workpool_processes.hpp"

#include "config.hpp"

int bench_main() { return bench::m8_large_host::run<bench::peers::workpool_processes>(); }
