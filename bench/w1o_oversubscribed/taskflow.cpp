#include "peers/taskflow.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::taskflow_pool>(); }
