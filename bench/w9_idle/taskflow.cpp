#include "peers/taskflow.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::taskflow_pool>(); }
