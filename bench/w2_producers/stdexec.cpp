#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w2_producers::run<bench::peers::stdexec_pool>(); }
