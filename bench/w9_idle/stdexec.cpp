#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w9_idle::run<bench::peers::stdexec_pool>(); }
