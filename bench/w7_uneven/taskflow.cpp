#include "peers/taskflow.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::taskflow_pool>(); }
