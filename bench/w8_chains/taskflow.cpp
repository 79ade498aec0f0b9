#define BENCH_TASKS_POST_TASKS
#include "peers/taskflow.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::taskflow_pool>(); }
