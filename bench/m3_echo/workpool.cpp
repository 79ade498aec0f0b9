#include "driver/process_main.hpp"
#include "peers/workpool_processes.hpp"

#include "config.hpp"

int bench_main() { return bench::m3_echo::run<bench::peers::workpool_processes>(); }
