#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w7_uneven::run<bench::peers::stdexec_pool>(); }
