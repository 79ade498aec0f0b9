#include "peers/taskthreadpool.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::taskthreadpool_pool>(); }
