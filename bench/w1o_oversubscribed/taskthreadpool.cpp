#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::taskthreadpool_pool>(); }
