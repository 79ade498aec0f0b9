#include "peers/taskflow.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::taskflow_pool>(); }
