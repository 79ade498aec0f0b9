#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::taskthreadpool_pool>(); }
