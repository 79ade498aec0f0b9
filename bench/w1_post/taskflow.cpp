#include "peers/taskflow.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::taskflow_pool>(); }
