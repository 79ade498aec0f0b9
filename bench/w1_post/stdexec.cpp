#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w1_post::run<bench::peers::stdexec_pool>(); }
