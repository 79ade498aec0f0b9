#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w8_chains::run<bench::peers::stdexec_pool>(); }
