#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::taskthreadpool_pool>(); }
