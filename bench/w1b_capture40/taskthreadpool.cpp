#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w1b_capture40::run<bench::peers::taskthreadpool_pool>(); }
