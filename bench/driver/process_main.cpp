#include "driver/process_main.hpp"

#include <workpool/worker_entry.hpp>

int main(int argc, char** argv) {
  if (const auto code = workpool::worker_entry(argc, argv)) return *code;
  return bench_main();
}
