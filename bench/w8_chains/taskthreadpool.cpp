#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::taskthreadpool_pool>(); }
