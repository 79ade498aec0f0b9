#include "peers/stdexec.hpp"

#include "config.hpp"

int main() { return bench::w1o_oversubscribed::run<bench::peers::stdexec_pool>(); }
