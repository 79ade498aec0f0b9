#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::taskthreadpool_pool>(); }
